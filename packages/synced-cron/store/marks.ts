import type { Collection } from 'mongodb';
import type { Within } from './within';

interface Mark {
  /** The entry's name. */
  _id: string;
  /** All its runs up to here have been dealt with. */
  until: Date;
}

/**
 * Up to when an entry's runs have been dealt with, for entries that make up for missed runs: the history alone can't
 * say, as its records expire (a weekly run is forgotten after two days).
 */
export class Marks {
  constructor(
    private readonly collection: Collection<Mark>,
    private readonly within: Within,
  ) {}

  async move(name: string, until: Date): Promise<void> {
    await this.within(this.collection.updateOne({ _id: name }, { $max: { until } }, { upsert: true }));
  }

  async remove(name: string): Promise<void> {
    await this.within(this.collection.deleteOne({ _id: name }));
  }

  async of(name: string): Promise<Date | undefined> {
    return (await this.within(this.collection.findOne({ _id: name })))?.until;
  }
}
