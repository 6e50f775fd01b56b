//! Slurm from Debian on loopback, with the scripts that we ship: a job starts once it has power, and gives it back. Skipped with a note where it is missing,
//! unless WLTEST_PEERS=required.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::rig::{ends, told};
use super::scheduler::{Running, Scheduler, until};

const PROLOG: &str = include_str!("../../config/slurm/prolog-slurmctld");
const EPILOG: &str = include_str!("../../config/slurm/epilog-slurmctld");

/// A cluster of one node, which is a node of the hall.
struct Cluster {
    folder: PathBuf,
    /// Those who serve it: ended in this order.
    _daemons: Vec<Running>,
}

fn is_there() -> bool {
    let missing = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol"]
        .into_iter()
        .find(|name| Command::new(name).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err());
    let Some(name) = missing else { return true };
    assert_ne!(std::env::var("WLTEST_PEERS").as_deref(), Ok("required"), "{name} is required and missing");
    println!("skipped: {name} is not installed");
    false
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

impl Cluster {
    fn start(slurm: &Scheduler) -> Self {
        let folder = slurm.rig.folder().join("slurm");
        let made = Self { folder: folder.clone(), _daemons: Vec::new() };
        for part in ["", "ctld", "node"] {
            fs::create_dir(folder.join(part)).expect("a folder");
        }
        for (name, text) in [("prolog-slurmctld", PROLOG), ("epilog-slurmctld", EPILOG)] {
            fs::write(folder.join(name), text).expect("written");
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("changes");
        }
        let settings = format!(
            "WATTLOOP={}\nexport WATTLOOP_BUDGET_CONFIG={}\nEACH=5kW\nOPTIONS='--timeout 5s'\nRELEASE=\nSCONTROL=scontrol\nexport SLURM_CONF={}\n",
            env!("CARGO_BIN_EXE_wattloop"),
            slurm.file().display(),
            folder.join("slurm.conf").display()
        );
        fs::write(folder.join("wattloop.sh"), settings).expect("written");
        fs::write(folder.join("slurm.conf"), configuration(slurm, &folder)).expect("written");
        fs::write(folder.join("munge.key"), [7; 128]).expect("written");
        fs::set_permissions(folder.join("munge.key"), fs::Permissions::from_mode(0o600)).expect("changes");
        let at = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
        let munge = [at("key-file", "munge.key"), at("socket", "munge.sock"), at("pid-file", "munged.pid")];
        let munge = munge.into_iter().chain([at("log-file", "munged.log"), at("seed-file", "munged.seed")]);
        let munged = made
            .daemon("munged", &["-F".to_owned(), "--force".to_owned()].into_iter().chain(munge).collect::<Vec<_>>());
        until("munge's socket", || folder.join("munge.sock").exists().then_some(()));
        let node = slurm.rig.hall().power.nodes[0].name.clone();
        let controller = made.daemon("slurmctld", &["-D".to_owned(), "-i".to_owned()]);
        let slurmd = made.daemon("slurmd", &["-D".to_owned(), "-N".to_owned(), node]);
        let made = Self { _daemons: vec![slurmd, controller, munged], ..made };
        until("an idle node", || made.says("sinfo", &["-h", "-o", "%t"]).contains("idle").then_some(()));
        made
    }

    fn daemon(&self, name: &str, args: &[String]) -> Running {
        let log = File::create(self.folder.join(format!("{name}.out"))).expect("a log");
        let mut command = Command::new(name);
        command.args(args).env("SLURM_CONF", self.folder.join("slurm.conf")).stdin(Stdio::null());
        Running(command.stdout(log.try_clone().expect("a log")).stderr(log).spawn().expect("it starts"))
    }

    fn says(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(args).env("SLURM_CONF", self.folder.join("slurm.conf")).current_dir(&self.folder);
        told(&command.output().expect("runs"))
    }

    /// A job that copies what is known of its lease when it starts.
    fn submit(&self, slurm: &Scheduler, comment: &str) -> String {
        let seen = slurm.rig.folder().join("state");
        let script = format!(
            "cp {}/slurm%2Ftest%2F$SLURM_JOB_ID.lease {}/ran.$SLURM_JOB_ID",
            seen.display(),
            self.folder.display()
        );
        let said = self.says("sbatch", &["--parsable", "-o", "/dev/null", "--comment", comment, "--wrap", &script]);
        assert!(said.trim().parse::<u32>().is_ok(), "{said}");
        said.trim().to_owned()
    }

    /// What a job found when it ran.
    fn ran(&self, job: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(format!("ran.{job}"))).ok().filter(|text| !text.is_empty())
    }

    fn over(&self, slurm: &Scheduler, job: &str) {
        until(&format!("given back: {}", self.says("scontrol", &["show", "job", job])), || {
            (slurm.note(&format!("slurm/test/{job}"))["stage"] == "over").then_some(())
        });
    }
}

fn configuration(slurm: &Scheduler, folder: &std::path::Path) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let host = host.trim().split('.').next().unwrap_or_default();
    let user = String::from_utf8(Command::new("id").arg("-un").output().expect("id is there").stdout).expect("text");
    let (user, at, node) = (user.trim(), folder.display(), &slurm.rig.hall().power.nodes[0].name);
    format!(
        "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={}\nSlurmdPort={}\nSlurmUser={user}\nSlurmdUser={user}\n\
         AuthType=auth/munge\nAuthInfo=socket={at}/munge.sock\nCredType=cred/munge\nStateSaveLocation={at}/ctld\n\
         SlurmdSpoolDir={at}/node\nSlurmctldPidFile={at}/ctld.pid\nSlurmdPidFile={at}/node.pid\n\
         ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\nMpiDefault=none\n\
         SelectType=select/linear\nSwitchType=switch/none\nReturnToService=2\nMailProg=/bin/true\nSchedulerType=sched/builtin\n\
         PrologSlurmctld={at}/prolog-slurmctld\nEpilogSlurmctld={at}/epilog-slurmctld\n\
         NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 CPUs=1\n\
         PartitionName=all Nodes={node} Default=YES MaxTime=60 State=UP\n",
        port(),
        port()
    )
}

#[test]
fn slurm_starts_a_job_once_it_has_power_and_one_without_goes_back_into_the_queue() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    let _holding = slurm.start(&["hold"]);
    let cluster = Cluster::start(&slurm);

    // Lent before it starts, given back after its end.
    let job = cluster.submit(&slurm, "power=20kW; rm -rf /");
    let found = until("it ran", || cluster.ran(&job));
    assert!(found.contains("\"stage\":\"held\"") && found.contains("\"w\":5000.0"), "a node's usual power: {found}");
    cluster.over(&slurm, &job);
    let job = cluster.submit(&slurm, "note power=20kW");
    let found = until("it ran", || cluster.ran(&job));
    assert!(found.contains("\"stage\":\"held\"") && found.contains("\"w\":20000.0"), "what it said: {found}");
    cluster.over(&slurm, &job);

    // Somebody else has the power: the job goes back into the queue, and starts when there is room again.
    until("room", || slurm.acquire("other", "20kW", &[]).status.success().then_some(()));
    let job = cluster.submit(&slurm, "power=20kW");
    let show = || cluster.says("scontrol", &["show", "job", &job]);
    until("it is in the queue again", || {
        let shown = show();
        (shown.contains("JobState=PENDING") && shown.contains("Restarts=1")).then_some(())
    });
    assert_eq!(cluster.ran(&job), None, "it has not run");
    ends(&slurm.budget(&["release", "--job", "other"]), 0, &["is given back"]);
    until("room", || slurm.acquire("room", "20kW", &["--dry-run"]).status.success().then_some(()));
    // Slurm lets a job that it has put back rest for two minutes; an administrator need not wait for that.
    let now = cluster.says("scontrol", &["update", &format!("JobId={job}"), "StartTime=now"]);
    let found = until(&format!("it ran: {now} {}", show()), || cluster.ran(&job));
    assert!(found.contains("\"stage\":\"held\"") && !found.contains("\"attempt\":0"), "it has asked anew: {found}");
    cluster.over(&slurm, &job);
    ends(&slurm.rig.ask(&["status"]), 0, &["leases         "]);
    a_job_that_is_denied_is_held_until_it_asks_for_less(&slurm, &cluster);
}

/// It is tried once, and not every two minutes for ever.
fn a_job_that_is_denied_is_held_until_it_asks_for_less(slurm: &Scheduler, cluster: &Cluster) {
    let job = cluster.submit(slurm, "power=10MW");
    let show = || cluster.says("scontrol", &["show", "job", &job]);
    let held = until(&format!("it is held: {}", show()), || {
        let shown = show();
        let held = ["JobState=PENDING", "Reason=JobHeldUser", "Restarts=1", "AdminComment=no power: "];
        held.iter().all(|words| shown.contains(words)).then_some(shown)
    });
    assert!(held.contains("denied: share"), "why: {held}");
    assert_eq!(cluster.ran(&job), None, "it has not run");
    let which = format!("JobId={job}");
    let said = cluster.says("scontrol", &["update", &which, "Comment=power=5kW", "StartTime=now"]);
    let said = said + &cluster.says("scontrol", &["release", &job]);
    let found = until(&format!("it ran: {said} {}", show()), || cluster.ran(&job));
    assert!(
        found.contains("\"stage\":\"held\"") && found.contains("\"w\":5000.0"),
        "with what it asks for then: {found}"
    );
    cluster.over(slurm, &job);
}
