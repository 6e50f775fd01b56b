//! What waits for a broker that is not there.

use super::*;

#[tokio::test]
async fn of_what_waits_too_long_a_state_goes_before_a_breach() {
    let line = Flex { desk: Arc::default(), task: tokio::spawn(std::future::pending()) };
    let all = |sure: Sure| line.desk.lock().iter().filter(|of| of.sure == sure).count();
    for _ in 0..3 {
        line.say("breach", Vec::new(), Sure::ExactlyOnce);
    }
    for n in 0..WAITING {
        line.say("state", n.to_string().into_bytes(), Sure::AtLeastOnce);
    }
    assert_eq!((all(Sure::ExactlyOnce), all(Sure::AtLeastOnce)), (3, WAITING - 3));
    assert_eq!(line.desk.lock().back().expect("the newest").payload, (WAITING - 1).to_string().into_bytes());
    for n in 0..WAITING {
        line.say("breach", n.to_string().into_bytes(), Sure::ExactlyOnce);
    }
    assert_eq!((all(Sure::ExactlyOnce), all(Sure::AtLeastOnce)), (WAITING, 0));
    assert_eq!(line.desk.lock().front().expect("the oldest").payload, b"0", "of breaches the oldest");
    line.say("state", Vec::new(), Sure::AtLeastOnce);
    assert_eq!((all(Sure::ExactlyOnce), all(Sure::AtLeastOnce)), (WAITING, 0));
}
