import type { Collection, Db } from 'mongodb';
import { type Sale, salesCollection } from '../../reports/documents';

/**
 * The shop's books: the stored data that reports are made of. The same on every machine, since sale number n is a pure
 * function of n, and written on first need, so that an empty database costs nothing at boot.
 */

const batchSize = 1_000;
const firstDay = Date.UTC(2024, 0, 1);
const minute = 60_000;

const regions = ['North', 'East', 'South', 'West', 'Islands'] as const;
const products = [
  { name: 'Oak desk', price: 449 },
  { name: 'Reading lamp', price: 59.9 },
  { name: 'Wool blanket', price: 89 },
  { name: 'Bookshelf', price: 219.5 },
  { name: 'Tea kettle', price: 34.95 },
  { name: 'Wall clock', price: 48 },
  { name: 'Linen curtain', price: 72.25 },
  { name: 'Walnut stool', price: 129 },
] as const;
const firstNames = ['Ada', 'Björn', 'Chiara', 'Deniz', 'Emeka', 'Freya', 'Goran', 'Hana', 'Ines', 'Jun'] as const;
const lastNames = [
  'Abel',
  'Brandt',
  'Costa',
  'Duval',
  'Ekström',
  'Fischer',
  'Gallo',
  'Horváth',
  'Ito',
  'Jensen',
] as const;

/** Sale number `n`, the same wherever it is computed. */
export function saleAt(n: number): Sale {
  const random = mix(n);
  const product = pick(products, random);
  return {
    _id: n,
    date: new Date(firstDay + n * 5 * minute),
    region: pick(regions, random >>> 4),
    customer: `${pick(firstNames, random >>> 8)} ${pick(lastNames, random >>> 14)}`,
    product: product.name,
    quantity: 1 + ((random >>> 20) % 9),
    unitPrice: product.price,
  };
}

/**
 * Makes sure that the first `rows` sales are stored. Safe to run in several workers at once, and again after a crash in
 * the middle: each begins a little before the highest that is there, and what is stored already is left alone.
 */
export async function ensureSales(
  db: Db,
  rows: number,
  signal: AbortSignal,
  onStored: (sales: number) => void,
): Promise<void> {
  const sales = db.collection<Sale>(salesCollection);
  const [last] = await sales
    .find({}, { projection: { _id: 1 } })
    .sort({ _id: -1 })
    .limit(1)
    .toArray();
  if (last && last._id + 1 >= rows + batchSize) return;
  for (let from = resumeAt(last?._id); from < rows; from += batchSize) {
    signal.throwIfAborted();
    await insertMissing(sales, from);
    onStored(Math.min(from + batchSize, rows));
  }
}

/** A crash can leave holes only in the batch that was being written: start with that one. */
function resumeAt(last: number | undefined): number {
  return last === undefined ? 0 : Math.floor(last / batchSize) * batchSize;
}

async function insertMissing(sales: Collection<Sale>, from: number): Promise<void> {
  const batch = Array.from({ length: batchSize }, (_, index) => saleAt(from + index));
  try {
    await sales.insertMany(batch, { ordered: false });
  } catch (error) {
    if ((error as { code?: number }).code !== duplicateKey) throw error;
  }
}

const duplicateKey = 11_000;

function pick<T>(list: readonly T[], random: number): T {
  return list[random % list.length] as T;
}

/** Spreads neighbouring numbers over 32 bits (the finaliser of MurmurHash3). */
function mix(n: number): number {
  let h = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
