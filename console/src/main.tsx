import { render } from 'preact';
import { ApiClient } from './api/client.ts';
import { keyInAddress, tabToken } from './api/token.ts';
import { App } from './app.tsx';
import { Router } from './route.ts';
import { drawTextVisibly } from './visible-text.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/header.css';
import './styles/page.css';
import './styles/table.css';
import './styles/tasks.css';
import './styles/compare.css';
import './styles/facts.css';
import './styles/states.css';
import './styles/dialogs.css';
import './styles/phases.css';
import './styles/charts.css';
import './styles/logs.css';

drawTextVisibly();
const root = document.getElementById('console');
const token = tabToken(sessionStorage);
const key = keyInAddress(location);
if (key !== undefined) {
  token.set(key);
  history.replaceState(null, '', location.pathname);
}
if (root !== null) render(<App api={new ApiClient(token)} token={token} router={new Router()} />, root);
