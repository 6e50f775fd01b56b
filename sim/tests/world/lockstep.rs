//! The clock unit of a served hall: in lockstep it moves time, else it tells it.

use std::time::Duration;

use super::wire::{at, client, served, until};
use sim::wire::{self, Options};
use tokio_modbus::client::tcp;
use tokio_modbus::prelude::*;

#[tokio::test]
async fn in_lockstep_time_stands_still_until_the_clock_is_written() {
    let begin = plant::time::Wall(1_781_474_400_000);
    let options = Options { pace: wire::Pace::Lockstep, begin: Some(begin), ..Options::default() };
    let (hall, _, running) = served(options).await;
    let mut clock = tcp::connect(running.clock()).await.expect("the clock unit listens");
    let mut crah = client(&running, "cooling", 1).await;
    let word = |words: &[u16]| words.iter().fold(0u64, |sum, w| sum << 16 | u64::from(*w));
    assert_eq!(crah.read_input_registers(16, 1).await.unwrap(), Err(ExceptionCode::ServerDeviceBusy), "never read");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(word(&clock.read_input_registers(0, 4).await.unwrap().unwrap()), 0);

    clock.write_multiple_registers(0, &[0, 1500]).await.unwrap().unwrap();
    let told = clock.read_input_registers(0, 12).await.unwrap().unwrap();
    assert_eq!((word(&told[..4]), word(&told[8..10])), (1500, 1), "one step of a second and a half");
    assert_eq!(word(&told[4..8]), 1_781_474_401_500);
    assert_eq!(clock.read_holding_registers(0, 2).await.unwrap().unwrap(), [0, 1500]);
    let supply = hall.point("crah-1/supply-air-temp").unwrap();
    let read = f64::from(crah.read_input_registers(16, 1).await.unwrap().unwrap()[0]) / 10.0;
    assert!((read - running.stage().world.truth(supply).unwrap()).abs() < 0.06, "the registers are this step's");

    clock.write_multiple_registers(0, &[0, 0]).await.unwrap().unwrap();
    assert_eq!(word(&clock.read_input_registers(8, 2).await.unwrap().unwrap()), 1, "no time is no step");
    let minute = clock.write_multiple_registers(0, &[1, 0]).await.unwrap();
    assert_eq!(minute, Err(ExceptionCode::IllegalDataValue), "65 s are too long a step");
    assert_eq!(
        clock.write_single_register(1, 5).await.unwrap(),
        Err(ExceptionCode::IllegalDataAddress),
        "half a number"
    );
    assert_eq!(clock.write_multiple_registers(1, &[5]).await.unwrap(), Err(ExceptionCode::IllegalDataAddress));
    assert_eq!(clock.read_input_registers(10, 4).await.unwrap(), Err(ExceptionCode::IllegalDataAddress));
    assert_eq!(running.stop().await.elapsed().millis(), 1500);
}

#[tokio::test]
async fn a_free_clock_tells_the_time_and_takes_no_orders() {
    let (_, _, running) = served(Options { pace: at(50.0), ..Options::default() }).await;
    let mut clock = tcp::connect(running.clock()).await.expect("the clock unit listens");
    until("simulated time passes", || running.stage().world.elapsed().millis() > 1000).await;
    let words = clock.read_input_registers(0, 4).await.unwrap().unwrap();
    assert!(words[2] > 0 || words[3] > 1000, "{words:?}");
    assert_eq!(clock.write_multiple_registers(0, &[0, 100]).await.unwrap(), Err(ExceptionCode::IllegalFunction));
    running.stop().await;
}
