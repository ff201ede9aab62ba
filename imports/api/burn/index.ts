import type { ApiPart } from '../part';
import { defineBurnMethods } from './methods';

export const burn: ApiPart<'burn'> = {
  limits: { 'burn.start': [5, 10_000] },
  publications: [],
  async start() {
    defineBurnMethods();
  },
};

declare module '../contract' {
  interface Methods {
    /** Gives how many tasks were added. */
    'burn.start': (order: { seconds: number; tasks: number }) => number;
  }
}
