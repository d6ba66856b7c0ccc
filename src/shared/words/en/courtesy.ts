const HOUR_MINUTES = 60;

export const courtesy = {
  courtesy: {
    label: 'About to start',
    startsIn: 'starts in',
    startsAt: (robot: string, time: string) => `${robot} starts at ${time}`,
    usesScreen: 'It works on this screen, with mouse and keyboard.',
    noLonger: 'It cannot be put off any longer.',
    startNow: 'Start now',
    inMinutes: (n: number) =>
      n === HOUR_MINUTES ? 'In 1 hour' : n === 1 ? 'In a minute' : `In ${n} minutes`,
    noticeTitle: (robot: string) => `${robot} is about to start`,
    noticeText: (time: string) => `At ${time} it begins to work on this screen, with mouse and keyboard.`,
    waits: {
      postponement: (time: string) => `put off until ${time}`,
      presentation: 'waits until nobody presents',
      unlock: 'waits until the screen is unlocked',
      return: 'waits a moment for whoever was here',
    },
    waitsInTray: (robot: string, wait: string) => `${robot} ${wait}`,
    present: 'I am presenting',
    presentForHour: 'For an hour',
    presentOn: 'Until I switch it off',
    presenting: 'I am presenting',
    presentingUntil: (time: string) => `I am presenting until ${time}`,
  },
};
