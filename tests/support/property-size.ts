/**
 * How many times as many examples as usual the property tests try: `PROPERTY_SIZE=100 npm run test:unit` looks longer.
 * fast-check prints the seed of a counterexample.
 */
export const propertySize = Number(process.env.PROPERTY_SIZE || 1);
