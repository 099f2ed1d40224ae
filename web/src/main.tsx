import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { App } from './app.js';
import { createGraphqlClient } from './client/graphql-client.js';
import { LiveConnection } from './client/live-connection.js';
import { LiveContext } from './client/live-context.js';
import { SessionEnd } from './session/session-end.js';
import './styles.css';

const end = new SessionEnd();
const client = createGraphqlClient(end.tell);
const live = new LiveConnection(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`, end.tell);

createRoot(document.getElementById('page') as HTMLElement).render(
  <Provider value={client}>
    <LiveContext value={live}>
      <App end={end} />
    </LiveContext>
  </Provider>,
);
