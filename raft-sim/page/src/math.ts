// Arithmetic under its own names.

export const { abs, ceil, floor, hypot, log10, max, min, round } = Math;
