//! Every component held against something independent of it: a closed form, a published figure, a table.
//!
//! Each area adds its checks to one report; the page `docs/conformance.md` is made of the same numbers.

#[cfg(test)]
mod compute;
#[cfg(test)]
mod exchangers;
#[cfg(test)]
mod fluids;
#[cfg(test)]
mod immersion;
#[cfg(test)]
mod pace;
#[cfg(test)]
mod report;

#[cfg(test)]
mod page {
    use super::report::Report;

    #[test]
    fn every_component_conforms_and_the_page_says_what_was_seen() {
        let mut report = Report::default();
        super::compute::checks(&mut report);
        super::exchangers::checks(&mut report);
        super::fluids::checks(&mut report);
        super::immersion::checks(&mut report);

        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md");
        if std::env::var_os("WLTEST_BLESS").is_some() {
            std::fs::write(path, report.page()).expect("the page can be written");
        }
        for line in report.lines() {
            println!("{line}");
        }
        let broken = report.broken();
        assert!(broken.is_empty(), "\n{}", broken.join("\n"));
        let page = std::fs::read_to_string(path).expect("docs/conformance.md");
        let unsaid: Vec<_> = report
            .lines()
            .into_iter()
            .filter(|l| !l.contains("| SKIPPED (no ") && !page.contains(l.as_str()))
            .collect();
        assert!(
            unsaid.is_empty(),
            "docs/conformance.md does not say this; WLTEST_BLESS=1 writes it:\n{}",
            unsaid.join("\n")
        );
    }
}
