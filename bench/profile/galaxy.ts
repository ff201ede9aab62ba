import type { PartUsage } from './figures';

interface ContainerSize {
  name: string;
  megabytes: number;
  ecu: number;
  /** Dollars a month of 30 days. */
  essential: number;
  professional: number;
}

/** Galaxy's own page on billing, for Meteor apps, and when it was read. */
export const pricesFrom = {
  url: 'https://galaxy-support.meteor.com/en/article/billing-4gyv1p',
  readOn: '29 November 2026',
};

export const containerSizes: readonly ContainerSize[] = [
  { name: 'Tiny', megabytes: 256, ecu: 0.3, essential: 9, professional: 18 },
  { name: 'Compact', megabytes: 512, ecu: 0.5, essential: 29, professional: 40 },
  { name: 'Standard', megabytes: 1_024, ecu: 1, essential: 58, professional: 79 },
  { name: 'Double', megabytes: 2_048, ecu: 2, essential: 115, professional: 158 },
  { name: 'Quad', megabytes: 4_096, ecu: 4, essential: 230, professional: 317 },
];

/** Memory that stays free in a container. */
export const headroom = 1.25;

/** An app on Galaxy: the processes of one name share a container. */
export interface GalaxyApp {
  part: string;
  megabytes: number;
  cpuPercent: number;
  size: ContainerSize;
}

export function appsFor(parts: readonly PartUsage[]): GalaxyApp[] {
  const names = [...new Set(parts.map(({ part }) => part))];
  return names.map(name => {
    const own = parts.filter(({ part }) => part === name);
    const sum = (figure: 'megabytes' | 'cpuPercent') => own.reduce((all, part) => all + part[figure], 0);
    const megabytes = sum('megabytes');
    const size = containerSizes.find(one => one.megabytes >= megabytes * headroom) ?? containerSizes.at(-1)!;
    return { part: name, megabytes, cpuPercent: sum('cpuPercent'), size };
  });
}
