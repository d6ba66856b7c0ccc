import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import { AgentClient } from '../shared/client/agent-client.ts';
import { AgentStore } from '../shared/client/agent-store.ts';
import { AgentProvider } from './agent/agent-context.tsx';
import { findShell } from './agent/bridge.ts';
import { openHttpTransport } from './agent/http-transport.ts';
import { App } from './app.tsx';
import { ViewGuard } from './parts/view-guard.tsx';
import { SpeechProvider } from './words/words-context.tsx';

// The policy of the page forbids making code from text, which zod would try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root');
const shell = await findShell();
const client = new AgentClient(shell?.transport ?? (await openHttpTransport()));
const store = new AgentStore(client);
void store.follow(new AbortController().signal);
createRoot(root).render(
  <StrictMode>
    <SpeechProvider shell={shell}>
      <AgentProvider agent={{ client, store, shell }}>
        <ViewGuard>
          <App />
        </ViewGuard>
      </AgentProvider>
    </SpeechProvider>
  </StrictMode>,
);
