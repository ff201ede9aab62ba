import { findMongo } from '../../../infra/dev/database/mongo-sources';

/** Prints the first way to a MongoDB that works in this environment, or why none does. */
findMongo().then(
  found => console.log(`found ${JSON.stringify(found)}`),
  error => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
