//! kill -9 at random instants while a scheduler asks for leases over a real broker: whatever it was answered holds after the start, once, and never comes to more
//! than it may have. `WLTEST_KILLS=30` kills thirty times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::budget::{Client, asks, code, lending};
use super::rig::{PATIENCE, Rig, Run, ends, wattloop};
use crate::kill::Random;
use crate::mqtt::mosquitto::Mosquitto;

/// What the scheduler may have in all (W), and what each of its jobs asks for.
const MOST: f64 = 100e3;
const EACH: f64 = 5e3;

/// A scheduler that remembers what it asked for, and all that it was answered.
struct Book {
    client: Client,
    random: Random,
    heard: usize,
    /// Every request, by its name.
    asked: BTreeMap<String, Value>,
    /// Every answer to it, in order.
    answers: BTreeMap<String, Vec<Value>>,
    /// Leases that it has given back, or has tried to.
    returned: BTreeSet<String>,
}

impl Book {
    /// Takes in what was answered since. True where somebody who had waited was lent something.
    fn listen(&mut self) -> bool {
        let all = self.client.peer.heard(&self.client.topic("slurm", "response"));
        let mut lent = false;
        for text in &all[self.heard..] {
            let message: Value = serde_json::from_str(text).expect("JSON");
            let data = message["data"].clone();
            let answers = self.answers.entry(data["request_id"].as_str().expect("a name").to_owned()).or_default();
            lent |= data["code"] == "granted" && answers.last().is_some_and(|last| last["code"] == "queued");
            answers.push(data);
        }
        self.heard = all.len();
        lent
    }

    fn ask(&mut self, data: Value) {
        let message = json!({ "specversion": "1.0", "id": "1", "source": "//slurm", "type": "wattloop.budget.request.v1", "data": data });
        self.client.peer.mention(&self.client.topic("slurm", "request"), &message.to_string());
        self.asked.insert(data["request_id"].as_str().expect("a name").to_owned(), data);
    }

    /// Asks until control answers, however often that takes.
    fn judged(&mut self, data: &Value) -> Value {
        let request = data["request_id"].as_str().expect("a name").to_owned();
        let (begun, before) = (Instant::now(), self.answers.get(&request).map_or(0, Vec::len));
        loop {
            self.ask(data.clone());
            for _ in 0..25 {
                std::thread::sleep(Duration::from_millis(20));
                self.listen();
                let new = self.answers.get(&request).and_then(|all| all.get(before..)).unwrap_or_default();
                let passing = |of: &&Value| !["busy", "journal", "recovering", "rate"].contains(&code(of).1);
                if let Some(answer) = new.iter().find(passing) {
                    return answer.clone();
                }
            }
            assert!(begun.elapsed() < PATIENCE, "never answered: {data}");
        }
    }

    /// Leases that were promised and that nobody has given back: who was ever answered `granted` has one.
    fn promised(&self) -> Vec<(String, String)> {
        let of = |(request, answers): (&String, &Vec<Value>)| {
            let granted = answers.iter().find(|of| of["code"] == "granted" && of["lease"]["state"] == "held")?;
            let lease = granted["lease_id"].as_str()?.to_owned();
            let is_job = self.asked.get(request).is_some_and(|asked| asked["op"] == "acquire");
            (is_job && !self.returned.contains(&lease)).then(|| (request.clone(), lease))
        };
        self.answers.iter().filter_map(of).collect()
    }

    /// Asks for something: for power mostly, now and then somebody gives some back.
    fn goes_on(&mut self, round: usize, n: usize) {
        let promised = self.promised();
        if self.random.below(3) == 0 && !promised.is_empty() {
            let many = u64::try_from(promised.len()).expect("few");
            let (_, lease) = &promised[usize::try_from(self.random.below(many)).expect("few")];
            self.returned.insert(lease.clone());
            let request = format!("back-{lease}");
            self.ask(json!({ "client": "slurm", "request_id": request, "op": "release", "lease_id": lease }));
            return;
        }
        let mut data = asks(&format!("job-{round}-{n}"), "power", &json!({ "want_w": EACH }));
        if self.random.below(2) == 0 {
            data["accept"] = json!({ "wait_s": 600 });
        }
        self.ask(data);
    }

    /// Everything that was promised is there, and is the same; nothing else is.
    fn checks(&mut self, rig: &Rig) {
        let promised = self.promised();
        for (request, lease) in &promised {
            let query = json!({ "client": "slurm", "request_id": format!("how-{lease}-{}", self.heard), "op": "query", "lease_id": lease });
            let answer = self.judged(&query);
            assert_eq!(code(&answer), ("granted", ""), "{request} had {lease}: {answer}");
            assert_eq!((&answer["lease"]["state"], &answer["lease"]["w"]), (&json!("held"), &json!(EACH)), "{answer}");
        }
        // Who has no answer asks again, as does who has one: one lease each.
        let jobs: Vec<Value> = self.asked.values().filter(|of| of["op"] == "acquire").cloned().collect();
        for job in &jobs {
            self.judged(job);
        }
        for (request, answers) in self.answers.iter().filter(|(request, _)| request.starts_with("job-")) {
            let leases: BTreeSet<&str> = answers.iter().filter_map(|of| of["lease_id"].as_str()).collect();
            assert!(leases.len() <= 1, "{request} has {leases:?}");
        }
        let shown = rig.json(&["jobs"]);
        let leases = shown["leases"].as_array().expect("leases");
        let drawn: f64 = leases.iter().map(|of| of["may_w"].as_f64().expect("watts")).sum();
        assert!(drawn <= MOST, "{drawn} W: {shown}");
        let known: BTreeSet<&str> =
            self.answers.values().flatten().filter_map(|answer| answer["lease_id"].as_str()).collect();
        let waiting = shown["waiting"].as_array().expect("those that wait");
        for of in leases.iter().chain(waiting) {
            let lease = of["lease_id"].as_str().expect("a name");
            assert!(known.contains(lease), "nobody was told of {lease}: {of}");
        }
        let held = leases.iter().filter(|of| of["state"] == "held").count();
        assert!(held >= promised.len(), "{held} of {}", promised.len());
        self.is_cleared(leases);
    }

    /// The broker keeps nothing of what was given back, however soon the kill came after that.
    fn is_cleared(&self, leases: &[Value]) {
        let lives: BTreeSet<&str> = leases.iter().filter_map(|of| of["lease_id"].as_str()).collect();
        let kept = || {
            let last =
                |lease: &str| self.client.peer.heard(&self.client.topic("slurm", &format!("lease/{lease}"))).pop();
            let gone = self.returned.iter().filter(|lease| !lives.contains(lease.as_str()));
            gone.filter(|lease| last(lease).is_some_and(|text| !text.is_empty())).cloned().collect::<Vec<_>>()
        };
        let begun = Instant::now();
        while !kept().is_empty() {
            assert!(begun.elapsed() < PATIENCE, "still kept: {:?}", kept());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Kills the service while it is asked, half of the time as soon as somebody who waited is lent something.
fn kill_while_asked(book: &mut Book, mut run: Run, round: usize) {
    let eager = round % 2 == 1;
    let within = if eager { 6000 } else { 100 + book.random.below(1500) };
    let end = Instant::now() + Duration::from_millis(within);
    let mut n = 0;
    while Instant::now() < end {
        book.goes_on(round, n);
        n += 1;
        std::thread::sleep(Duration::from_millis(5 + book.random.below(40)));
        if book.listen() && eager && n > 20 {
            break;
        }
    }
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    // What it has said before its end may still be on its way.
    std::thread::sleep(Duration::from_millis(200));
    book.listen();
}

#[test]
fn whatever_was_granted_over_a_broker_is_there_after_kill_9_and_once() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\nmax_queued_messages 0\n") else { return };
    let client = format!("budgets.client=[{{name=\"slurm\",leases=500,most={MOST:.1},per_minute=60000}}]");
    let set = [client.as_str(), "budgets.settle=\"0s\""];
    let rig = lending(&broker, tempfile::tempdir().expect("a folder"), (&set, None));
    let (random, asked, answers) = (Random(9), BTreeMap::new(), BTreeMap::new());
    let client = Client::new(&broker, &rig.hall().site);
    let mut book = Book { client, random, heard: 0, asked, answers, returned: BTreeSet::new() };
    let kills = std::env::var("WLTEST_KILLS").map_or(4, |n| n.parse().expect("WLTEST_KILLS is a number"));
    let mut run = rig.running(&[]);
    for round in 0..kills {
        // Whoever may ask is heard, and meters are read.
        let begun = Instant::now();
        for n in 0.. {
            let mut would = asks(&format!("would-{round}-{n}"), "op", &json!("dry_run"));
            would["power"] = json!({ "want_w": 1.0 });
            let answer = book.judged(&would);
            if answer["code"] == "granted" || (round > 0 && ["share", "feed"].contains(&code(&answer).1)) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}");
            std::thread::sleep(Duration::from_millis(300));
        }
        kill_while_asked(&mut book, run, round);
        run = rig.running(&[]);
        book.checks(&rig);
    }
    let granted = book.promised().len() + book.returned.len();
    assert!(granted > kills * 2, "{granted} leases were lent");
    println!("{kills} kills; {} requests, {granted} leases", book.asked.len());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
