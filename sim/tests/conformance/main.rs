//! Every component held against something independent of it: a closed form, a published figure, a table.
//!
//! Each area adds its checks to one report; the page `docs/conformance.md` is made of the same numbers.

#[cfg(test)]
mod actuators;
#[cfg(test)]
mod chillers;
#[cfg(test)]
mod compute;
#[cfg(test)]
mod dry_coolers;
#[cfg(test)]
mod dx;
#[cfg(test)]
mod economisers;
#[cfg(test)]
mod electrics;
#[cfg(test)]
mod exchangers;
#[cfg(test)]
mod fluids;
#[cfg(test)]
mod heat_recovery;
#[cfg(test)]
mod hydraulics;
#[cfg(test)]
mod immersion;
#[cfg(test)]
mod liquid;
#[cfg(test)]
mod psychrometrics;
#[cfg(test)]
mod report;
#[cfg(test)]
mod sensors;
#[cfg(test)]
mod towers;
#[cfg(test)]
mod weather;

#[cfg(test)]
mod page {
    use super::report::Report;

    #[test]
    fn every_component_conforms_and_the_page_says_what_was_seen() {
        let mut report = Report::default();
        super::actuators::checks(&mut report);
        super::chillers::checks(&mut report);
        super::compute::checks(&mut report);
        super::dry_coolers::checks(&mut report);
        super::dx::checks(&mut report);
        super::economisers::checks(&mut report);
        super::electrics::checks(&mut report);
        super::exchangers::checks(&mut report);
        super::fluids::checks(&mut report);
        super::heat_recovery::checks(&mut report);
        super::hydraulics::checks(&mut report);
        super::immersion::checks(&mut report);
        super::liquid::checks(&mut report);
        super::psychrometrics::checks(&mut report);
        super::sensors::checks(&mut report);
        super::towers::checks(&mut report);
        super::weather::checks(&mut report);

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
