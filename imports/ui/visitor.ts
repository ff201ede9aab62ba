import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import { useEffect, useState } from 'react';
import { call } from './call';

const place = 'visitor';
const year = 365 * 24 * 60 * 60;

/**
 * The browser's own secret: it owns what is made here. Kept in localStorage for the methods and as a cookie for uploads
 * and downloads; other sites never get it sent along.
 */
export function visitorToken(): string {
  const token = localStorage.getItem(place) ?? newToken();
  localStorage.setItem(place, token);
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet.
  document.cookie = `${place}=${token}; Path=/; Max-Age=${year}; SameSite=Strict${secure}`;
  return token;
}

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Says who we are, again after each reconnect. True once the server has heard it for the first time. */
export function useVisitor(): boolean {
  const connected = useTracker(() => Meteor.status().connected, []);
  const [entered, setEntered] = useState(false);
  useEffect(() => {
    if (!connected) return;
    call('visitors.enter', visitorToken()).then(
      () => setEntered(true),
      error => console.error('visitors.enter', error),
    );
  }, [connected]);
  return entered;
}
