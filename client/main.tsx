// Of the stylesheets below this folder Rspack takes up only those that are imported.
import './page/page.css';
import { Meteor } from 'meteor/meteor';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { pages } from '../imports/pages';
import { App, NoSuchPage } from '../imports/ui/App';
import { isPage } from '../infra/app/pages';
import { Console } from '../infra/console';

/**
 * The operator's console has its own address and its own login. It is in the same bundle: Meteor runs what a dynamic
 * import fetches through `eval`, which the content security policy forbids.
 */
const isConsole = location.pathname === '/console' || location.pathname.startsWith('/console/');

Meteor.startup(() => {
  document.documentElement.lang = 'en'; // Meteor writes that tag itself, without a language
  const root = document.getElementById('root');
  if (!root) throw new Error('client/main.html: there is no element with the id root');
  const Page = isPage(location.pathname, pages) ? App : NoSuchPage;
  createRoot(root).render(isConsole ? <Console /> : <Page />);
});
