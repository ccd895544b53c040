// Arithmetic under its own names, and the search in ordered lists.

export const { abs, ceil, floor, hypot, log10, max, min, round } = Math;

/** The first place in a list, ordered by a key, whose key is not below a value. */
export function lowerBound<T>(list: readonly T[], key: (item: T) => number, value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
