import type { ApiPart } from '../part';
import { defineBurnMethods } from './methods';

export const burn: ApiPart<'burn'> = {
  limits: { 'burn.start': [5, 10_000] },
  publications: [],
  async start() {
    defineBurnMethods();
  },
};
