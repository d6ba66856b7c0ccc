/**
 * What a program that started the agent says to end it, by the channel that Node.js opens between the two (`ipc`): on
 * Windows there is no signal that a process could hear. `drain` is what a first signal means, `cancel` what a second.
 */
export type StopMessage = 'drain' | 'cancel';
