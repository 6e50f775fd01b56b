//! The simulated NVML, through the wrapper that the adapter uses and through its bare symbols.
#![cfg(test)]
#![expect(unsafe_code, reason = "the wrapper's bare symbols can only be called so")]

mod boards;
mod curves;
mod hall;
mod knobs;
mod processes;
mod surface;
mod wrapper;

use std::path::Path;
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::FieldValueSample;
use nvml_wrapper::structs::device::FieldId;
use sim_nvml::{Bench, Card, library_beside_tests};
use tempfile::TempDir;

/// A bench in a folder of its own, stepped by hand, whose readings are right.
fn bench(cards: &[Card]) -> (TempDir, Bench) {
    let folder = tempfile::tempdir().expect("a folder");
    let exact: Vec<_> = cards.iter().map(|card| card.exact()).collect();
    let bench = Bench::by_hand(folder.path(), &library_beside_tests(), &exact).expect("a bench");
    (folder, bench)
}

fn load(library: &Path) -> Result<Nvml, NvmlError> {
    Nvml::builder().lib_path(library.as_os_str()).init()
}

fn nvml(bench: &Bench) -> Nvml {
    load(bench.library()).expect("a driver")
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One field: its sample, and what it says where it says something.
fn field(nvml: &Nvml, gpu: u32, id: u32) -> (FieldValueSample, Result<u64, String>) {
    let device = nvml.device_by_index(gpu).expect("a GPU");
    let mut samples = device.field_values_for(&[FieldId(id)]).expect("fields");
    let sample = samples.remove(0).expect("a sample");
    let value = match &sample.value {
        Ok(SampleValue::U32(value)) => Ok(u64::from(*value)),
        Ok(SampleValue::U64(value)) => Ok(*value),
        Ok(other) => panic!("field {id} is {other:?}"),
        Err(error) => Err(format!("{error:?}")),
    };
    (sample, value)
}

fn said(nvml: &Nvml, gpu: u32, id: u32) -> u64 {
    field(nvml, gpu, id).1.unwrap_or_else(|error| panic!("field {id}: {error}"))
}
