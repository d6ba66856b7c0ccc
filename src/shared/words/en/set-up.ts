import type { CheckProblem } from '../../connection-check.ts';

/** What a sentence about a failed step can name. */
export interface ProblemPlace {
  /** As the person knows it: api.kuflow.com */
  readonly host: string;
  /** Without password; null: none. */
  readonly proxy: string | null;
}

interface Said {
  readonly what: (place: ProblemPlace) => string;
  readonly todo: string;
}

const problems: Record<CheckProblem, Said> = {
  ADDRESS_INVALID: {
    what: () => 'This is not an address that can be used.',
    todo: 'Enter one such as https://api.kuflow.com, without user, query or fragment.',
  },
  ADDRESS_INSECURE: {
    what: ({ host }) => `Without https, everybody on the way to ${host} could read the secret.`,
    todo: 'Begin the address with https://. Plain http is for this machine alone.',
  },
  SETTING_INVALID: {
    what: () => 'One of the settings cannot be used.',
    todo: 'Look at the certificate file and the proxy below.',
  },
  HOST_UNKNOWN: {
    what: ({ host }) => `There is no machine with the name ${host}.`,
    todo: 'Check the address for a slip, and whether this machine is online.',
  },
  NO_NETWORK: {
    what: ({ host }) => `No network leads from here to ${host}.`,
    todo: 'Connect to a network or to your company’s VPN, then try again.',
  },
  REFUSED: {
    what: ({ host }) => `Nothing answers at ${host}: the connection was refused.`,
    todo: 'Check the address and its port.',
  },
  NO_ANSWER: {
    what: ({ host }) => `${host} did not answer in time.`,
    todo: 'Try again. If it stays so, a firewall may be in the way: ask whoever looks after your network.',
  },
  CUT: {
    what: ({ host }) => `The connection to ${host} was cut.`,
    todo: 'Try again. If it stays so, a firewall or a proxy may be cutting it.',
  },
  TLS_UNTRUSTED: {
    what: ({ host }) => `This machine does not trust the certificate of ${host}.`,
    todo: 'Companies that inspect traffic have a certificate authority of their own. Ask IT for its file (PEM) and name it below.',
  },
  TLS_INVALID: {
    what: ({ host }) => `The certificate of ${host} is for another name, or out of date.`,
    todo: 'Check the address, and the date and time of this machine.',
  },
  TLS_MISSING: {
    what: ({ host }) => `${host} does not speak https on this port.`,
    todo: 'Check the port in the address.',
  },
  PROXY_UNREACHABLE: {
    what: ({ proxy }) => `The proxy ${proxy ?? ''} cannot be reached.`,
    todo: 'Check the proxy below, and whether you are in your company’s network.',
  },
  PROXY_LOGIN: {
    what: ({ proxy }) => `The proxy ${proxy ?? ''} asks for a login.`,
    todo: 'Put user and password into its address below: http://user:password@proxy:8080',
  },
  PROXY_REFUSED: {
    what: ({ host, proxy }) => `The proxy ${proxy ?? ''} does not let connections to ${host} through.`,
    todo: 'Ask whoever looks after the proxy to allow this host.',
  },
  NOT_KUFLOW: {
    what: ({ host }) => `Something answers at ${host}, but it is not the KuFlow API.`,
    todo: 'Check the address and its path. In a guest network, log in to it with a browser first.',
  },
  REDIRECTED: {
    what: ({ host }) => `${host} sends us elsewhere, as the login pages of networks do.`,
    todo: 'Log in to this network with a browser first, or check the address.',
  },
  PLATFORM_FAULT: {
    what: ({ host }) => `${host} is there, but has trouble of its own just now.`,
    todo: 'Try again in a few minutes.',
  },
  BUSY: {
    what: ({ host }) => `${host} asks to slow down.`,
    todo: 'Wait a minute, then try again.',
  },
  CREDENTIALS_MISSING: {
    what: () => 'The id or the secret of the application is missing.',
    todo: 'Enter both as KuFlow shows them.',
  },
  CREDENTIALS_REFUSED: {
    what: ({ host }) => `${host} does not accept this id with this secret.`,
    todo: 'Copy both from the application in KuFlow again. If the secret is lost, make a new one there.',
  },
  SIGN_IN_NEEDED: {
    what: () => 'Nobody is signed in, or the sign-in has ended.',
    todo: 'Sign in with your browser once more.',
  },
  NOT_ALLOWED: {
    what: () => 'KuFlow knows who this is, but does not let them work with robots.',
    todo: 'In KuFlow, allow them to see robots and tasks and to be a worker.',
  },
  TENANT_UNKNOWN: {
    what: () => 'This tenant is not one of theirs.',
    todo: 'Choose another tenant, or take one out that IT has set.',
  },
  UNEXPECTED: {
    what: () => 'This could not be tried.',
    todo: 'Try again; what is below helps whoever looks into it.',
  },
};

export const setUp = {
  title: 'Set up this machine',
  progress: 'Steps',
  steps: { address: 'Address', credentials: 'Credentials', robots: 'Robots', machine: 'This machine' },
  stepOf: (n: number, of: number) => `Step ${n} of ${of}`,
  stepDone: 'done',
  back: 'Back',
  next: 'Next',
  checking: 'Checking …',
  stopChecking: 'Stop',
  whatToDo: 'What to do:',
  said: 'Technically:',
  leave: 'Leave as it is',
  fixed: {
    policy: (who: string | null) =>
      who === null ? 'Set by your organisation’s policy.' : `Set by the policy of ${who}.`,
    environment: 'Set by the environment this program was started in.',
  },
  attachedTitle: 'This agent is looked after elsewhere',
  attached:
    'It was running before this window, as a service or in a terminal. Its connection is changed there, or by whoever installed it.',

  address: {
    title: 'Where is your KuFlow?',
    intro: 'For nearly everybody it is the address below.',
    label: 'Address of KuFlow',
    more: 'Proxy and certificates',
    proxy: 'Proxy',
    proxyHint: 'Leave it empty to use the system’s, or none. Example: http://proxy.example.com:8080',
    caFile: 'Certificate file of your company',
    caFileHint: 'Path of a PEM file, where your company inspects encrypted traffic.',
    demoTitle: 'Just looking?',
    demoText: 'The demo needs no account: sample robots and a KuFlow of their own, all on this machine.',
    demo: 'Try the built-in demo',
  },
  credentials: {
    title: 'Who does this machine work as?',
    way: 'Work as',
    ways: { application: 'An application', 'sign-in': 'Myself' },
    applicationHint: 'Create an application in KuFlow and copy what it shows you.',
    signInHint:
      'You sign in with your browser, and robots work in your name. The sign-in is kept in this system’s keyring.',
    clientId: 'Application id',
    clientSecret: 'Secret',
    keptSecret: 'Kept from before; leave empty to keep it',
    elsewhereSecret: 'Comes from where IT put it; leave empty to keep it',
    addressChanged: 'The address is another one, so the secret has to be entered again.',
    safe: 'It goes into this system’s keychain once KuFlow has accepted it, and nowhere else.',
    plain:
      'This system offers no keychain. The secret would lie in a file that only your user can read, unencrypted.',
    mayBePlain: 'Keep it in a file',
    oauthClientId: 'Id of this program',
    oauthClientIdHint: 'As whoever looks after your KuFlow registered it, for signing in.',
    server: 'Sign-in server',
    oauthAuthorizationUrl: 'Page to sign in',
    oauthTokenUrl: 'Address for tokens',
    oauthScopes: 'Scopes',
    signIn: 'Sign in',
    signInAgain: 'Sign in as somebody else',
    signedIn: (account: string | null) =>
      account === null ? 'Somebody is signed in.' : `Signed in as ${account}.`,
    waiting: 'Waiting for the browser …',
    opened: 'Sign in with the browser that was opened.',
    openedHint: 'You do not see it? Open this address on this machine:',
    notOpened: 'No browser could be opened. Open this address on this machine:',
    tenantTitle: 'Which tenant?',
    tenantIntro: 'There are several. This machine works for one of them.',
    tenantNoName: (id: string) => `Tenant ${id}`,
  },
  robots: {
    title: 'Which robots may run here?',
    all: 'All of them',
    allHint: 'Also those that are added to KuFlow later.',
    some: 'Only these',
    none: 'Choose at least one.',
    listLabel: 'Robots in KuFlow',
    canRun: 'can run here',
    obstacles: {
      NOT_READY: 'not ready in KuFlow yet',
      UNSUPPORTED: 'cannot run here: it has no package that this version can run',
    },
    emptyTitle: 'No robots yet',
    empty:
      'KuFlow shows no robots to whom this machine works as. Publish one there, or give access to it. You can go on without: robots appear here by themselves.',
    again: 'Look again',
    count: (able: number, all: number) => `${able} of ${all} can run here`,
  },
  machine: {
    title: 'How much may robots use?',
    runs: 'Robots at the same time',
    runsAdvice: (cores: string, memory: string, advised: string) =>
      `With ${cores} cores and ${memory} of memory, ${advised} at a time suits this machine.`,
    reserve: 'Disk space to keep free',
    gigabytes: 'GB',
    reserveAdvice: (free: string) => `${free} are free now. No robot starts with less than what is kept.`,
    badRuns: 'A whole number from 1 to 64.',
    badReserve: 'A number, 0 or more.',
    autostart: 'Start when I sign in to this machine',
    autostartHint: 'Robots run while you are signed in, with the window closed too.',
    connect: 'Connect',
    keeping: 'Saving …',
  },
  done: {
    connecting: 'Connecting …',
    starting: 'The agent is starting.',
    finishing: (n: number) =>
      n === 1
        ? 'A robot is at work. It finishes, then the agent starts with the new connection.'
        : `${n} robots are at work. They finish, then the agent starts with the new connection.`,
    registering: 'KuFlow answers. This machine is being registered as a worker.',
    slow: 'This takes longer than usual. You can go on; it is tried again by itself.',
    failed: 'The agent could not start',
    connected: 'Connected',
    robots: 'First robots',
    noRobots: 'No robots yet. They appear here by themselves.',
    more: (n: number) => `and ${n} more`,
    now: 'Go to Now',
  },
  demoNotice: 'This is the demo: nothing here leaves this machine.',
  leaveDemo: 'Connect to KuFlow',
  change: 'Change connection',
  checkCredentials: 'Check the credentials',
  problems,
};
