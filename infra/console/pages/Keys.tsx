import React, { type RefObject, useEffect, useRef, useState } from 'react';
import type { OperatorRole } from '../../settings';
import { pagesOf } from './pages';
import { addressOf, navigate } from './route';

/** By the letter after `g`. */
const places: Record<string, string> = {
  n: '',
  t: 'tasks',
  b: 'batches',
  e: 'errors',
  y: 'types',
  s: 'schedules',
  m: 'machines',
  a: 'audit',
};

interface KeysProps {
  role: OperatorRole;
  help: RefObject<HTMLDialogElement | null>;
  onFind: () => void;
  onPause: () => void;
}

/** Keys for those who would rather not reach for the mouse, and the table of them. Whoever needs single keys turns them off. */
export function Keys({ role, help, onFind, onPause }: KeysProps) {
  const [on, setOn] = useSetting();
  const pressed = useRef<(event: KeyboardEvent) => void>(() => {});
  const before = useRef('');
  pressed.current = event => {
    const { key, altKey, ctrlKey, metaKey, target } = event;
    const isAfterG = before.current === 'g';
    before.current = '';
    if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') return done(event, onFind);
    if (!on || ctrlKey || metaKey || altKey || isWriting(target) || document.querySelector('dialog[open]')) return;
    if (isAfterG && pagesOf(role).some(({ path }) => path === places[key]))
      return done(event, () => navigate(addressOf(places[key] as string)));
    if (key === 'g') before.current = 'g';
    const act = {
      j: () => move(1),
      k: () => move(-1),
      x: choose,
      '/': find,
      p: onPause,
      '?': () => help.current?.showModal(),
    }[key];
    if (act) done(event, act);
  };
  useEffect(() => {
    const hear = (event: KeyboardEvent) => pressed.current(event);
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
  return (
    <dialog ref={help} className="console-ask" aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <dl className="console-keys">
        {table(role).map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input type="checkbox" checked={on} onChange={event => setOn(event.target.checked)} /> Single keys act
      </label>
      <div className="console-actions">
        <button type="button" className="main" onClick={() => help.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function table(role: OperatorRole): [key: string, what: string][] {
  const letters = Object.entries(places);
  const go = pagesOf(role).flatMap(({ path, title }): [string, string][] => {
    const letter = letters.find(([, place]) => place === path)?.[0];
    return letter ? [[`g ${letter}`, title]] : [];
  });
  return [
    ['Ctrl K', 'Find a page, a task, or a type'],
    ['/', 'Filter tasks'],
    ['j', 'The next row'],
    ['k', 'The row before'],
    ['Enter', 'Open it'],
    ['x', 'Choose it'],
    ['p', 'Pause, and go on'],
    ...go,
    ['?', 'This table'],
  ];
}

function done(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  act();
}

const isWriting = (target: EventTarget | null) =>
  target instanceof Element &&
  target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null;

const focusable = 'a[href], button:enabled, input:enabled';

/** What can be gone through: rows of tables, and entries of lists, with something in them to act on. */
function rows(): HTMLElement[] {
  const all = document.querySelectorAll<HTMLElement>('.console main :is(tbody tr, ul > li)');
  return [...all].filter(row => row.querySelector(focusable));
}

const here = (all: readonly HTMLElement[]) => all.findIndex(row => row.contains(document.activeElement));

function move(by: 1 | -1): void {
  const all = rows();
  const at = here(all);
  const next = at < 0 ? all.at(by > 0 ? 0 : -1) : all[at + by];
  (next?.querySelector<HTMLElement>('a[href]') ?? next?.querySelector<HTMLElement>(focusable))?.focus();
}

function choose(): void {
  const all = rows();
  all[here(all)]?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
}

function find(): void {
  if (!document.getElementById('filter')) navigate(addressOf('tasks'));
  setTimeout(() => document.getElementById('filter')?.focus());
}

/** Kept by the browser, for whoever uses it. */
const setting = 'tandem.console.keys';

function useSetting(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => localStorage.getItem(setting) !== 'off');
  const keep = (value: boolean) => {
    localStorage.setItem(setting, value ? 'on' : 'off');
    setOn(value);
  };
  return [on, keep];
}
