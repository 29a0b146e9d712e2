/** Limits of S3 (2026-11): https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const mostParts = 10_000;
export const largestPart = 5 * 2 ** 30;

const mebibyte = 2 ** 20;
/** S3's least: several are under way at the same time, and all of them are in memory. */
const smallest = 5 * mebibyte;
/** Up to this size parts are collected in memory; larger ones in a file, so that memory does not grow with the archive. */
export const largestInMemory = 8 * mebibyte;
/** From here on there are more bytes than was expected: parts grow, so that the upload need not be given up. */
const growsAfter = 8000;
const growth = 8;
/** More than was expected that there is room for, as far as S3 has any. */
const room = 3;

/**
 * How large the n-th part of an upload is, so that what is expected takes about half of the parts that there can be.
 * @param number from 1
 * @param expectedBytes of the whole; a guess
 */
export function partSize(number: number, expectedBytes: number): number {
  const even = expectedBytes / (mostParts / 2);
  // Of terabytes the last parts cannot grow so much: then all of them are larger.
  const withoutGrowth = (room * expectedBytes - (mostParts - growsAfter) * largestPart) / growsAfter;
  const size = Math.max(smallest, Math.ceil(Math.max(even, withoutGrowth) / mebibyte) * mebibyte);
  return Math.min(largestPart, number > growsAfter ? size * growth : size);
}
