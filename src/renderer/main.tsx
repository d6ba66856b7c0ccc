import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import { AgentClient } from './agent/agent-client.ts';
import { AgentProvider } from './agent/agent-context.tsx';
import { AgentStore } from './agent/agent-store.ts';
import { openHttpTransport } from './agent/http-transport.ts';
import { App } from './app.tsx';
import { SpeechProvider } from './words/words-context.tsx';

// The policy of the page forbids making code from text, which zod would try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root');
const client = new AgentClient(await openHttpTransport());
const store = new AgentStore(client);
void store.follow(new AbortController().signal);
createRoot(root).render(
  <StrictMode>
    <SpeechProvider>
      <AgentProvider agent={{ client, store }}>
        <App />
      </AgentProvider>
    </SpeechProvider>
  </StrictMode>,
);
