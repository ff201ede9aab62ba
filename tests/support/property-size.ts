import fc from 'fast-check';

const size = process.env.PROPERTY_SIZE;

/**
 * How many times as many examples as usual the property tests try: `PROPERTY_SIZE=100 npm run test:unit` looks longer,
 * and at new ones in each run. At the usual size the examples are always the same: a run is red by what was changed.
 * fast-check prints the seed of a counterexample.
 */
export const propertySize = Number(size || 1);
if (!size) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_129 });
