import React, { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { OperatorRole } from '../../settings';
import { parseFilter } from '../task-filter';
import { pagesOf } from './pages';
import { addressOf, navigate } from './route';
import { tasksAddress } from './TaskState';
import { useView } from './view';

export interface Found {
  label: string;
  address: string;
}

const mostShown = 10;

/** What somebody may mean: pages, task types, a task by its id, a filter. The most likely one comes first. */
export function findPlaces(text: string, role: OperatorRole, types: readonly string[]): Found[] {
  const asked = text.trim();
  const like = (name: string) => name.toLowerCase().includes(asked.toLowerCase());
  const found: Found[] = pagesOf(role)
    .filter(({ title }) => like(title))
    .map(({ path, title }) => ({ label: title, address: addressOf(path) }));
  if (asked !== '') {
    const ofType = types.filter(like).map(type => ({ label: `Tasks of ${type}`, address: tasksAddress({ type }) }));
    found.push(...ofType, ...filtered(asked));
    if (!/[\s:]/.test(asked)) found.push({ label: `Task ${asked}`, address: addressOf('tasks', asked) });
  }
  return found.slice(0, mostShown);
}

function filtered(asked: string): Found[] {
  if (!asked.includes(':')) return [];
  try {
    return [{ label: `Filter tasks by ${asked}`, address: tasksAddress(parseFilter(asked)) }];
  } catch {
    return [];
  }
}

/** Finds a page, a task, or a type by what is typed. */
export function Palette({ role, onClose }: { role: OperatorRole; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="console-ask console-palette" aria-label="Find" onClose={onClose}>
      <Finder role={role} close={() => dialog.current?.close()} />
    </dialog>
  );
}

function Finder({ role, close }: { role: OperatorRole; close: () => void }) {
  const types = useView('counts').value?.types ?? [];
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = findPlaces(text, role, types);
  const go = (place: Found | undefined) => {
    if (!place) return;
    close();
    navigate(place.address);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') go(found[at]);
    else if (by) setAt((at + by + found.length) % Math.max(1, found.length));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        type="text"
        role="combobox"
        aria-label="A page, the id of a task, or a type"
        placeholder="A page, the id of a task, or a type"
        aria-expanded={found.length > 0}
        aria-controls="found"
        aria-activedescendant={found[at] && `found-${at}`}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={event => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="found" role="listbox" aria-label="Found">
        {found.map((place, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys.
          <div
            key={place.address + place.label}
            id={`found-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => go(place)}
          >
            {place.label}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="console-none">Nothing.</p>}
    </>
  );
}
