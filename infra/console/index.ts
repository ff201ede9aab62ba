/** The console's page, for the browser's entry; the server's half is in console.ts. */
// Rspack takes up only the stylesheets that code imports, beside those of client/ itself; with Meteor's own bundler they
// are applied already, and an import changes nothing.
import './console.css';
import './errors.css';
import './machines.css';
import './tasks.css';
import './uplot.css';

export { Console } from './pages/Console';
