import { setUp } from './set-up.ts';

export const shell = {
  tray: {
    notSetUp: 'Not set up yet',
    restarting: 'The agent ended and is started again',
    stop: (name: string) => `Stop ${name}`,
    startRobot: 'Start a robot',
    noRobots: 'No robots here',
    open: 'Open KuBot Runner',
    settings: 'Settings',
    quit: 'Quit',
    tooltip: (state: string) => `KuBot Runner: ${state}`,
  },
  quit: {
    title: (n: number) => (n === 1 ? 'A robot is at work' : `${n} robots are at work`),
    message: 'What runs can be finished first. Stopped runs are reported as cancelled.',
    finish: 'Finish, then quit',
    stop: 'Stop them and quit',
    cancel: 'Do not quit',
  },
  notify: {
    failed: (robot: string) => `${robot} failed`,
    failedText: 'Its task was kept and waits for a person.',
    unauthorized: 'KuFlow refuses the credentials',
    unauthorizedText: 'No robot is started until they are right.',
    signInNeededText: 'No robot is started until then.',
    crashed: 'The agent ended unexpectedly',
    crashedText: 'It is started again; runs that it lost are settled.',
  },
  setUp,
};
