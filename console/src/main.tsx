import { render } from 'preact';
import { ApiClient } from './api/client.ts';
import { tabToken } from './api/token.ts';
import { App } from './app.tsx';
import { Router } from './route.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/phases.css';
import './styles/charts.css';
import './styles/logs.css';

const root = document.getElementById('console');
const token = tabToken(sessionStorage);
if (root !== null) render(<App api={new ApiClient(token)} token={token} router={new Router()} />, root);
