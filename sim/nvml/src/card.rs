//! Products: what each kind of GPU says of itself and draws.
//!
//! Limits are those that drivers tell in public. Sizes of dies and sinks are those of [`Device::H100`], scaled so that every product is as warm at
//! its rated power. A GH200's limits are those of its module, from what its makers sell it for; nobody has measured one here.

use plant::convert;
use sim::compute::gpu::Device;

/// A product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    /// As the driver names it.
    pub name: &'static str,
    /// NVML's number of its architecture (6 Turing, 7 Ampere, 8 Ada, 9 Hopper, 10 Blackwell).
    pub architecture: u32,
    /// Device and vendor as the PCI bus tells them.
    pub pci_device: u32,
    /// The lowest limit that the driver takes (mW).
    pub least_mw: u32,
    /// The highest limit that the driver takes (mW).
    pub most_mw: u32,
    /// The limit after the driver has been loaded (mW).
    pub default_mw: u32,
    /// The highest clock (MHz).
    pub clock_mhz: u32,
    /// Whether the driver averages over a second: its plain power reading is that average, and field 185 is there. Without it the
    /// plain reading is the instant one.
    pub averages: bool,
    /// Whether it can be cut into instances.
    pub mig: bool,
    /// Whether its memory has a thermometer.
    pub memory_sensor: bool,
    /// Whether power is told and limited for the whole module only.
    pub module_only: bool,
    /// How far one board's power reading is off (1, standard deviation, proportional).
    pub gain: f64,
    /// Its physics.
    pub device: Device,
}

/// A device of the H100's make with other powers (W).
const fn made_like(idle: f64, rated: f64) -> Device {
    let (like, size) = (Device::H100, rated / Device::H100.rated);
    Device {
        idle,
        rated,
        // The driver holds people within its limits; firmware and board controllers may go lower.
        least_cap: idle,
        die: like.die * size,
        die_to_case: like.die_to_case / size,
        case: like.case * size,
        case_to_coolant: like.case_to_coolant / size,
        spread: 0.0,
        ..like
    }
}

impl Card {
    /// An H100 on a baseboard.
    pub const H100: Self = Self {
        name: "NVIDIA H100 80GB HBM3",
        architecture: 9,
        pci_device: 0x2330_10DE,
        least_mw: 200_000,
        most_mw: 700_000,
        default_mw: 700_000,
        clock_mhz: 1980,
        averages: true,
        mig: true,
        memory_sensor: true,
        module_only: false,
        gain: 0.025,
        device: made_like(110.0, 700.0),
    };

    /// An H200 on a baseboard.
    pub const H200: Self = Self { name: "NVIDIA H200", pci_device: 0x2335_10DE, ..Self::H100 };

    /// An A100 with 40 GB.
    pub const A100_40: Self = Self {
        name: "NVIDIA A100-SXM4-40GB",
        architecture: 7,
        pci_device: 0x20B0_10DE,
        least_mw: 100_000,
        most_mw: 400_000,
        default_mw: 400_000,
        clock_mhz: 1410,
        // The one Ampere whose driver does not average.
        averages: false,
        device: made_like(55.0, 400.0),
        ..Self::H100
    };

    /// An A100 with 80 GB.
    pub const A100_80: Self = Self { name: "NVIDIA A100-SXM4-80GB", pci_device: 0x20B2_10DE, ..Self::A100_40 };

    /// A B200 on a baseboard.
    pub const B200: Self = Self {
        name: "NVIDIA B200",
        architecture: 10,
        pci_device: 0x2901_10DE,
        least_mw: 400_000,
        most_mw: 1_000_000,
        default_mw: 1_000_000,
        clock_mhz: 1965,
        device: made_like(140.0, 1000.0),
        ..Self::H100
    };

    /// A GB200: the one whose limit after loading is below its highest.
    pub const GB200: Self = Self {
        name: "NVIDIA GB200",
        pci_device: 0x2941_10DE,
        most_mw: 1_200_000,
        clock_mhz: 2062,
        device: made_like(150.0, 1200.0),
        ..Self::B200
    };

    /// An L40S.
    pub const L40S: Self = Self {
        name: "NVIDIA L40S",
        architecture: 8,
        pci_device: 0x26B9_10DE,
        least_mw: 100_000,
        most_mw: 350_000,
        default_mw: 350_000,
        clock_mhz: 2520,
        mig: false,
        memory_sensor: false,
        device: made_like(35.0, 350.0),
        ..Self::H100
    };

    /// A T4: ten watts between its lowest and its highest limit.
    pub const T4: Self = Self {
        name: "Tesla T4",
        architecture: 6,
        pci_device: 0x1EB8_10DE,
        least_mw: 60_000,
        most_mw: 70_000,
        default_mw: 70_000,
        clock_mhz: 1590,
        averages: false,
        device: made_like(10.0, 70.0),
        ..Self::L40S
    };

    /// A GH200, whose power is that of its module.
    pub const GH200: Self = Self {
        name: "NVIDIA GH200 480GB",
        pci_device: 0x2342_10DE,
        least_mw: 450_000,
        most_mw: 1_000_000,
        default_mw: 900_000,
        module_only: true,
        device: made_like(160.0, 1000.0),
        ..Self::H100
    };

    /// Every product.
    pub const ALL: [Self; 9] = [
        Self::H100,
        Self::H200,
        Self::A100_40,
        Self::A100_80,
        Self::B200,
        Self::GB200,
        Self::L40S,
        Self::T4,
        Self::GH200,
    ];

    /// What the power supply's brake line leaves of the rated power (1): hardware halves the clocks or worse.
    pub const BRAKED: f64 = 0.4;
    /// How much warmer memory is than the die (K).
    pub const MEMORY_ABOVE: f64 = 8.0;

    /// The product that a device of a simulated hall is: the one with its limits, else an H100 with those.
    #[must_use]
    pub fn of(device: &Device) -> Self {
        let milli = |watts: f64| u32::try_from(convert::u64_from_f64_rounded(watts * 1000.0)).unwrap_or(u32::MAX);
        let (least_mw, most_mw) = (milli(device.least_cap), milli(device.rated));
        let same = Self::ALL.into_iter().find(|card| (card.least_mw, card.most_mw) == (least_mw, most_mw));
        let like = same.unwrap_or(Self { name: "simulated GPU", ..Self::H100 });
        Self { least_mw, most_mw, default_mw: most_mw, device: *device, ..like }
    }

    /// The same with a power reading that is right: for tests that compare figures.
    #[must_use]
    pub const fn exact(self) -> Self {
        Self { gain: 0.0, ..self }
    }
}
