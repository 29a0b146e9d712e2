/**
 * What is made when somebody first asks for it. For what is made of many parts and used late: the schemas of what a program prints are made
 * while it is at work, not before it is started.
 */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
