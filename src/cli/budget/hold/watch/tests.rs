use super::*;

fn marks(asked: u64, had: Option<f64>) -> BTreeMap<String, Mark> {
    BTreeMap::from([("1-7".to_owned(), Mark { asked_ms: Some(asked), had_w: had, known: None })])
}

#[test]
fn what_was_renewed_is_known_in_the_same_run_of_the_machine_and_who_was_told_in_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hold.json");
    let open = |run: Option<&str>| Marks::open(path.clone(), run.map(str::to_owned));
    let mut first = open(Some("a"));
    first.keep(marks(7, Some(6e3))).expect("written");
    assert_eq!(*open(Some("a")).all(), marks(7, Some(6e3)));
    for another in [Some("b"), None] {
        let known = Mark { asked_ms: None, had_w: Some(6e3), known: None };
        assert_eq!(open(another).all().get("1-7"), Some(&known), "{another:?}: its time says nothing");
    }
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hold.json");
    let mut first = Marks::open(path.clone(), Some("a".to_owned()));
    fs::create_dir(folder.path().join("hold.json~")).expect("in the way");
    assert!(first.keep(marks(7, None)).is_err());
    fs::remove_dir(folder.path().join("hold.json~")).expect("gone");
    first.keep(marks(7, None)).expect("written");
    assert_eq!(*Marks::open(path, Some("a".to_owned())).all(), marks(7, None));
}

#[test]
fn nobody_knows_which_run_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hold.json");
    Marks::open(path.clone(), None).keep(marks(7, None)).expect("written");
    assert_eq!(Marks::open(path, None).all().get("1-7"), Some(&Mark::default()));
}

#[test]
fn garbage_is_nothing_and_what_is_the_same_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hold.json");
    let huge = "{\"run\":\"a\",\"leases\":{\"1-7\":{\"asked_ms\":-1}}}";
    for garbage in ["", "{", "[]", "7", "{\"run\":7}", huge] {
        fs::write(&path, garbage).expect("writes");
        let mut marks = Marks::open(path.clone(), Some("a".to_owned()));
        assert!(marks.all().is_empty(), "{garbage}");
        marks.keep(BTreeMap::new()).expect("nothing is written");
        assert_eq!(fs::read_to_string(&path).expect("there"), garbage);
    }
}

#[test]
fn a_renewal_of_before_takes_nothing_away() {
    let at = |s| Mono(0).after(Span::from_secs(s));
    let mut watch = Watch::new(Mark::default(), at(5));
    watch.renewed(at(100));
    watch.renewed(at(50));
    let ttl = Span::from_secs(30);
    assert!(!watch.is_over(at(129), ttl) && watch.is_over(at(130), ttl));
}
