import fc from 'fast-check';

/** Any UTF-16, halves of surrogate pairs and NUL included. */
export const oddText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)), maxLength: 6 }),
  fc.constantFrom('', '__proto__', '_bsontype', 'toBSON', 'toJSON', 'constructor', 'length', 'then', '$date', 'a.b'),
  fc.constantFrom('10', '2', '-1', 'a\0b', '🎉', '🎉'.slice(0, 1), 'type', 'valueOf', '$', '.', ' '),
);

/** Whatever a caller may hand over: plain data, and everything that only looks like it. */
export const oddValue = fc.anything({
  key: oddText,
  values: [
    oddText,
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.constantFrom(-0, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 5e-324, 1e308),
    fc.constantFrom(null, undefined),
    fc.date({ noInvalidDate: false }),
    fc.bigInt(),
  ],
  withSparseArray: true,
  withNullPrototype: true,
  withTypedArray: true,
  withMap: true,
  withSet: true,
  withBoxedValues: true,
  maxDepth: 4,
  size: 'small',
});

/** Mostly what a normal form has room for. */
export const storableValue = fc.anything({
  key: fc.string(),
  values: [oddText, fc.boolean(), fc.double(), fc.integer(), fc.constantFrom(null, undefined, -0), fc.date()],
  withNullPrototype: true,
  maxDepth: 4,
  size: 'small',
});
