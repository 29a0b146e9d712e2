/** Where something stands in a grid of twelve columns. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Sized {
  readonly width: number;
  readonly height: number;
}

/** How many columns a page has. */
export const pageWidth = 12;

/** Left to right, and on to the next row when one is full; a row is as high as what is highest in it. */
export function placesOf(sizes: readonly Sized[]): readonly Place[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return sizes.map(({ width, height }) => {
    if (x + width > pageWidth) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const place = { x, y, width, height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return place;
  });
}

/** Rows that places take together. */
export function heightOf(places: readonly Place[]): number {
  return Math.max(0, ...places.map(({ y, height }) => y + height));
}
