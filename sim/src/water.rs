//! Water, as every circuit here is filled with it: constants good to half a percent from 5 to 60 °C.

/// Specific heat of water (J/kg/K).
pub const CP_WATER: f64 = 4186.0;
/// Density of water (kg/m³).
pub const DENSITY: f64 = 998.0;
