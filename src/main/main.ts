import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, dialog, Menu, session } from 'electron';
import { AgentClient } from '../shared/client/agent-client.ts';
import { AgentStore } from '../shared/client/agent-store.ts';
import type { HostState } from '../shared/shell-api.ts';
import type { RobotView } from '../shared/status.ts';
import { createFormat } from '../shared/words/format.ts';
import { firstSpoken, WORDS } from '../shared/words/language.ts';
import { AgentHost } from './agent-host.ts';
import { createSocketTransport } from './agent-socket.ts';
import { appMenu } from './app-menu.ts';
import { declareAppProtocol, serveAppProtocol } from './app-protocol.ts';
import { createAutostart, isStartedHidden } from './autostart.ts';
import { hasSecretElsewhere } from './check-set-up.ts';
import { findLink, hashOfLink, hearLinks } from './deep-link.ts';
import { findGrantedAgent } from './granted-agent.ts';
import { guardContents, refusePermissions } from './guard-contents.ts';
import { serveWindow } from './ipc.ts';
import { NoticeSwitches } from './notice-switches.ts';
import { noticeOfEvent, noticeOfHost } from './notices.ts';
import { createNotifier } from './notifier.ts';
import { openCourtesy } from './open-courtesy.ts';
import { watchPower } from './power.ts';
import { createSecretKeeper } from './secret-keeper.ts';
import { SetUp } from './set-up-agent.ts';
import { findPlaces } from './shell-places.ts';
import { openShellStore } from './shell-store.ts';
import { linkHandler, userModelId } from './system-ways.ts';
import { openTray } from './tray.ts';
import type { TrayOrder } from './tray-order.ts';
import { MainWindow } from './window.ts';

const DEMO_FLAG = '--demo';
/** The agent tells of no change in its catalogue by itself. */
const ROBOTS_EVERY_MS = 15_000;

declareAppProtocol();
guardContents(app);
const { platform, execPath } = process;
const { isPackaged } = app;
const program = { platform, isPackaged, execPath };
const handler = linkHandler(program, app.getAppPath());
if (handler !== null) app.setAsDefaultProtocolClient(...handler);
const modelId = userModelId(program);
if (modelId !== null) app.setAppUserModelId(modelId);
const followLinks = hearLinks(app);
if (app.requestSingleInstanceLock()) void app.whenReady().then(start);
else app.quit();

/** Wires the shell: agent, tray, window, and what goes between them. */
function start(): void {
  const { KUBOT_SECRET_FD: _handed, ELECTRON_RUN_AS_NODE: _asNode, ...environment } = process.env;
  const places = findPlaces(
    { appPath: app.getAppPath(), resourcesPath: process.resourcesPath, isPackaged },
    environment,
  );
  const store = openShellStore();
  const secrets = createSecretKeeper(store, join(places.home, 'desktop-secret'));
  const window = new MainWindow(places.preloadPath, store, () => void leave({ now: true }));
  const transport = createSocketTransport(() => host.place);
  const client = new AgentClient(transport);
  const agent = new AgentStore(client);
  let robots: readonly RobotView[] = [];
  let isQuitting = false;
  let lastHost: HostState = { name: 'starting' };

  const language = () => store.language() ?? firstSpoken([app.getLocale()]);
  const words = () => WORDS[language()];
  const speech = () => ({ words: words(), format: createFormat(language()) });
  const switches = new NoticeSwitches(client);
  const tell = createNotifier({
    switches,
    onClick: (hash) => window.show(hash),
    onOrder: (order) => obey(order),
  });
  const demo = { home: places.demoHome, demo: true };
  const host: AgentHost = new AgentHost(
    {
      nodePath: places.nodePath,
      cliPath: places.cliPath,
      environment,
      transport,
      findSecret: () =>
        secrets.find().catch((error: unknown) => {
          if (hasSecretElsewhere(environment)) return null;
          throw error;
        }),
      findGranted: (home) =>
        findGrantedAgent({
          home,
          isHomeNamed: Boolean(environment.KUBOT_HOME),
          environment,
          ask: (socketPath) => new AgentClient(createSocketTransport(() => ({ socketPath }))).call('whoAmI'),
        }),
      onState: (state) => {
        window.webContents?.send('kubot:host', state);
        void tell(noticeOfHost(state, lastHost, words()));
        if (state.name !== 'starting') lastHost = state;
        if (state.name === 'running') {
          agent.tryNow();
          void switches.learn();
          presence.renew();
        }
        draw();
      },
    },
    process.argv.includes(DEMO_FLAG) ? demo : { home: places.home, demo: false },
  );

  const obey = (order: TrayOrder) => {
    const work = (): Promise<unknown> => {
      switch (order.do) {
        case 'open':
          window.show(order.hash);
          return Promise.resolve();
        case 'stop-run':
          return client.call('cancel', { id: order.id });
        case 'start':
          window.show(`#/robots/${order.robot}`);
          return Promise.resolve();
        case 'pause':
          return client.call('pause', { forMs: order.forMs, reason: null });
        case 'resume':
          return client.call('resume');
        case 'postpone':
          return client.call('postpone', { id: order.id, forMs: order.forMs });
        case 'start-now':
          return client.call('startNow', { id: order.id });
        case 'present':
          desk.present(order.forMs);
          return Promise.resolve();
        case 'stop-presenting':
          desk.stopPresenting();
          return Promise.resolve();
        case 'quit':
          app.quit();
          return Promise.resolve();
      }
    };
    work().catch((error: unknown) =>
      tell({ kind: 'attention', title: words().failure.title, body: String(error), hash: '#/now' }),
    );
  };
  const tray = openTray(places.iconsDir, obey);
  function draw(): void {
    tray.show({
      view: agent.view(),
      host: host.state,
      robots,
      presenting: desk.presenting,
      ...speech(),
      nowMs: Date.now(),
    });
  }
  const { desk, presence } = openCourtesy({ client, agent, environment, speech, tell, onChange: draw });
  agent.listen(draw);
  const askRobots = () =>
    void client.call('robots').then(
      (answer) => {
        robots = answer;
        draw();
      },
      () => undefined,
    );
  setInterval(askRobots, ROBOTS_EVERY_MS);
  agent.hear((event, before) => {
    void tell(noticeOfEvent(event, before.status, words()));
    // A registration is told, and with it the catalogue may have come.
    if (event.type === 'status') askRobots();
  });

  const drawMenu = () =>
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(appMenu({ platform, isPackaged, words: words().appMenu })),
    );
  drawMenu();
  serveAppProtocol(session.defaultSession, places.pageDir);
  refusePermissions(session.defaultSession);
  const autostart = createAutostart({
    ...program,
    appPath: app.getAppPath(),
    environment,
    homeDir: homedir(),
    app,
  });
  autostart.refresh().catch((error: unknown) => console.error(`Autostart: ${String(error)}`));
  const setUp = new SetUp({
    places,
    environment,
    secrets,
    autostart,
    language,
    isAttached: () => host.state.name === 'running' && host.state.attached && !host.state.demo,
    restart: () => void host.restart({ home: places.home, demo: false }),
  });
  serveWindow({
    transport,
    host: () => host.state,
    setUp,
    autostart,
    tryDemo: () => host.restart(demo),
    startAgent: () => host.startNow(),
    speak: (chosen) => {
      const isOther = chosen !== language();
      store.saveLanguage(chosen);
      if (isOther) drawMenu();
      draw();
    },
  });

  const follow = (text: string | null) => {
    const hash = text === null ? null : hashOfLink(text);
    window.show(hash ?? '');
  };
  app.on('second-instance', (_event, args) => follow(findLink(args)));
  app.on('activate', () => window.show());
  // The tray stays.
  app.on('window-all-closed', () => undefined);
  watchPower({ client, onShutdown: () => void leave({ now: true }) });
  app.on('before-quit', (event) => {
    if (isQuitting) return;
    event.preventDefault();
    void quit();
  });

  /** Drains the agent that is ours, with a choice where robots are at work. */
  async function quit(): Promise<void> {
    const running = agent.view().liveRuns.length;
    const isOurs = host.state.name === 'running' && !host.state.attached;
    const choice = isOurs && running > 0 ? await askHowToQuit(running) : 'finish';
    if (choice !== 'cancel') await leave({ now: choice === 'stop' });
  }

  async function leave({ now }: { now: boolean }): Promise<void> {
    isQuitting = true;
    window.close();
    await host.stop({ now });
    tray.close();
    app.quit();
  }

  async function askHowToQuit(running: number): Promise<'finish' | 'stop' | 'cancel'> {
    const { quit: text } = words();
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: text.title(running),
      detail: text.message,
      buttons: [text.finish, text.stop, text.cancel],
      defaultId: 0,
      cancelId: 2,
    });
    return (['finish', 'stop', 'cancel'] as const)[response] ?? 'cancel';
  }

  const leaving = new AbortController();
  void agent.follow(leaving.signal);
  void host.keepRunning();
  draw();
  askRobots();
  followLinks(follow);
  if (!isStartedHidden(process.argv, { platform, app })) follow(findLink(process.argv));
}
