/** Normally distributed numbers around 0 (standard deviation 1), the same ones for the same seed. */
export function gaussianNoise(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    // Numerical Recipes' linear congruential generator, enough for tests.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
