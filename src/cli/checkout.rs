//! `wattloop checkout`: every point read, compared, moved and proved, and a signed sheet of it.

mod act;
mod compare;
mod csv;
mod look;
mod page;
mod sheet;
mod sign;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use wattloop::control::request::Reply;
use wattloop::service::api::{Checkout, Found, FoundRow};

use super::client::{SocketArgs, user};
use super::{Out, Stop, signals};
use look::Work;
use sheet::{Head, Row, Verdict};

/// Read every point, compare it, move what can be moved, and keep a signed sheet of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop checkout 'crah-1*' --dry-run                       what would be done
  wattloop checkout 'crah-1*'                                 read, with what cannot be
  wattloop checkout --ask --by 'A. Technician' crah-1         compare with what an instrument shows
  wattloop checkout --reference shown.csv crah-1
  wattloop checkout crah-1 --force --reason 'commissioning'   move each output a little and back
  wattloop checkout crah-1 --fail-safe --reason 'handover'    leave the device alone and see what it does
  wattloop checkout --new-key technician.key
  wattloop checkout --sheet hall.csv --key technician.key --by 'A. Technician' --reference shown.csv
  wattloop checkout --verify hall.csv --trust technician.key.pub

Nothing is moved but with --force or --fail-safe. A row passes when it was compared, or moved, and nothing is wrong with it; it is open
when nothing is wrong and something is left to look at. Exit codes: 0 nothing failed, 1 a row failed, 65 a sheet that is not as it was
signed or a file that cannot be read, 77 a key that others can read.")]
pub struct CheckoutArgs {
    /// Only these: equipment or points by name, `*` for any letters; all when nothing is said
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// What instruments showed: CSV of `point,value[,tolerance]` in the points' canonical units
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// Ask for what the instrument shows, point by point
    #[arg(long, conflicts_with = "reference")]
    pub ask: bool,
    /// Move each output by a step and back, one at a time
    #[arg(long, requires = "reason")]
    pub force: bool,
    /// How far (% of what may be written)
    #[arg(long, default_value_t = 10.0)]
    pub step: f64,
    /// How long an output may take to follow, 10s to 10min
    #[arg(long, value_name = "TIME", default_value = "2min", value_parser = super::set::hold)]
    pub within: String,
    /// Say nothing to each device for longer than its own loss time, one at a time, and see what it does
    #[arg(long, requires = "reason")]
    pub fail_safe: bool,
    /// How long its actuators may take after that
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = super::set::hold)]
    pub settle: String,
    /// Why outputs are moved or devices left alone; the next shift reads it
    #[arg(long)]
    pub reason: Option<String>,
    /// Who looks, by name
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Write the sheet into this file, with its signature beside it in FILE.sig
    #[arg(long, value_name = "FILE", requires_all = ["key", "by"])]
    pub sheet: Option<PathBuf>,
    /// The key that signs it
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Go on with the sheet: what has passed is not looked at again
    #[arg(long, requires = "sheet")]
    pub resume: bool,
    /// Make a key in this file, and its public half in FILE.pub
    #[arg(long, value_name = "FILE", conflicts_with_all = ["verify", "sheet", "dry_run"])]
    pub new_key: Option<PathBuf>,
    /// Say whether a sheet is as it was signed
    #[arg(long, value_name = "SHEET")]
    pub verify: Option<PathBuf>,
    /// Only a sheet that this key has signed counts
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub trust: Option<PathBuf>,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// How many rows are kept in the journal at once.
const KEPT_AT_ONCE: usize = 200;

/// Checks out, or makes a key, or verifies a sheet.
pub fn run(args: &CheckoutArgs, out: &Out) -> Result<(), Stop> {
    if let Some(path) = &args.new_key {
        let public = sign::Key::create(path)?;
        return if out.json() {
            out.value(&json!({"key": path, "public": public}))
        } else {
            out.line(format_args!("{}: a new key; its public half is {public}", path.display()))
        };
    }
    if let Some(path) = &args.verify {
        return verify(path, args, out);
    }
    let key = args.key.as_deref().map(sign::Key::read).transpose()?;
    let seen: Checkout = args.socket.get("/v1/checkout")?;
    let kept = kept(args, &seen)?;
    let mut work = look::pick(&seen, &args.names)?;
    work.retain(|one| !kept.contains_key(&one.row.point));
    let names: Vec<&str> = seen.points.iter().map(|row| row.of.point.as_str()).collect();
    let shown = match &args.reference {
        Some(path) => compare::references(&path.display().to_string(), &read(path)?, &names)?,
        None => BTreeMap::new(),
    };
    if args.dry_run {
        return page::plan(&work, args, &shown, out);
    }
    signals::listen().map_err(|e| Stop::io("signals", &e))?;
    // Whatever breaks on the way, what has been seen so far is not lost.
    let done = look_and_act(&mut work, args, &shown, out);
    work.iter_mut().for_each(Work::settle);
    let found = work.iter().filter(|one| one.row.verdict != Verdict::Open).map(|one| found(&one.row)).collect();
    let rows = joined(&seen, kept, work);
    if let (Some(path), Some(key)) = (&args.sheet, &key) {
        save(path, key, (&head(&seen), &rows))?;
    }
    page::show(&rows, args.sheet.as_deref(), out)?;
    done?;
    keep(found, args)?;
    let failed = rows.iter().any(|row| row.verdict == Verdict::Fail);
    if failed { Err(Stop::new(1, "checkout_failed", "", "")) } else { Ok(()) }
}

/// Reads and compares, then moves and leaves alone what was asked.
fn look_and_act(
    work: &mut [Work<'_>],
    args: &CheckoutArgs,
    shown: &BTreeMap<String, compare::Shown>,
    out: &Out,
) -> Result<(), Stop> {
    look::read(work, args)?;
    look::compare(work, args, shown)?;
    act::force(work, args, out)?;
    act::silence(work, args, out)
}

fn read(path: &Path) -> Result<String, Stop> {
    fs::read_to_string(path).map_err(|e| Stop::io(&path.display().to_string(), &e))
}

fn head(seen: &Checkout) -> Head {
    Head {
        hall: seen.hall.clone(),
        site: seen.site.clone(),
        config_hash: seen.config_hash.clone(),
        program: seen.program.clone(),
    }
}

/// Where a sheet's signature is.
fn beside(sheet: &Path) -> PathBuf {
    let mut name = sheet.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The signature of a sheet. One that is gone is as bad as one that was changed.
fn signature(sheet: &Path) -> Result<String, Stop> {
    let path = beside(sheet);
    fs::read_to_string(&path).map_err(|e| {
        let say = format!("{}: nothing is signed without it: {e}", path.display());
        Stop::new(65, "no_signature", say, "it was written beside the sheet: bring both")
    })
}

/// What has passed on a sheet that is gone on with. It must be as it was signed, and of the configuration that runs.
fn kept(args: &CheckoutArgs, seen: &Checkout) -> Result<BTreeMap<String, Row>, Stop> {
    let Some(path) = args.sheet.as_ref().filter(|_| args.resume) else { return Ok(BTreeMap::new()) };
    let (name, text) = (path.display().to_string(), read(path)?);
    sign::verify(&text, &signature(path)?, None).map_err(|broken| changed(&broken, &name))?;
    let (old, rows) = sheet::read(&name, &text)?;
    if old.config_hash != seen.config_hash || old.hall != seen.hall {
        let say =
            format!("{name}: it was made with another configuration ({}, now {})", old.config_hash, seen.config_hash);
        return Err(Stop::new(65, "other_configuration", say, "begin a new sheet: what has passed may be wired anew"));
    }
    let passed = rows.into_iter().filter(|row| row.verdict == Verdict::Pass);
    Ok(passed.map(|row| (row.point.clone(), row)).collect())
}

fn changed(broken: &sign::Broken, name: &str) -> Stop {
    Stop::new(65, "not_intact", broken.sentence(name), "check it out again, or find the sheet that was signed")
}

fn verify(path: &Path, args: &CheckoutArgs, out: &Out) -> Result<(), Stop> {
    let name = path.display().to_string();
    let trusted = args.trust.as_deref().map(sign::public).transpose()?;
    let text = read(path)?;
    let key = sign::verify(&text, &signature(path)?, trusted.as_deref()).map_err(|broken| changed(&broken, &name))?;
    let (head, rows) = sheet::read(&name, &text)?;
    if out.json() {
        return out.value(
            &json!({"intact": true, "key": key, "trusted": trusted.is_some(), "head": head, "rows": rows.len()}),
        );
    }
    let whose = if trusted.is_some() {
        "the key you trust"
    } else {
        "an Ed25519 key; `--trust FILE.pub` says whose it must be"
    };
    out.line(format_args!("{name}: intact, {} rows, signed by {whose}\nkey {key}", rows.len()))
}

/// The rows of old and new in the hall's order.
fn joined(seen: &Checkout, mut kept: BTreeMap<String, Row>, work: Vec<Work<'_>>) -> Vec<Row> {
    kept.extend(work.into_iter().map(|one| (one.row.point.clone(), one.row)));
    seen.points.iter().filter_map(|row| kept.remove(&row.of.point)).collect()
}

/// Writes sheet and signature: whole, or not at all.
fn save(path: &Path, key: &sign::Key, (head, rows): (&Head, &[Row])) -> Result<(), Stop> {
    let text = sheet::write(head, rows);
    for (path, text) in [(path.to_owned(), &text), (beside(path), &key.sign(&text))] {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let done = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        done.map_err(|e| Stop::io(&path.display().to_string(), &e))?;
    }
    Ok(())
}

/// Leaves what was found in the service's journal.
fn keep(found: Vec<FoundRow>, args: &CheckoutArgs) -> Result<(), Stop> {
    let by = args.by.clone().unwrap_or_else(|| format!("uid:{}", user()));
    for rows in found.chunks(KEPT_AT_ONCE) {
        let _: Reply = args.socket.post("/v1/checkout", &Found { by: by.clone(), rows: rows.to_vec() })?;
    }
    Ok(())
}

fn found(row: &Row) -> FoundRow {
    FoundRow {
        point: row.point.clone(),
        passed: row.verdict == Verdict::Pass,
        read: row.read,
        reference: row.reference,
    }
}
