import { availableParallelism } from 'node:os';
import {
  ACCOUNTING,
  cpuRateControl,
  extendedLimits,
  JOB_CLASSES,
  type JobLimits,
  readActiveProcesses,
} from './job-layout.ts';

/** A Job Object: what is put into it, and all that those start, ends with it. */
export interface Job {
  /** @throws Error when Windows does not let the process in, or says afterwards that it is not */
  admit(pid: number): void;
  /** Ends every process of it. */
  terminate(): void;
  livingCount(): number;
  /** Closes the handle, which kills what is left. */
  release(): void;
}

/** @throws Error when Windows makes none, or does not take a limit */
export type OpenJob = (limits: JobLimits) => Job;

const PROCESS_TERMINATE = 0x1;
const PROCESS_SET_QUOTA = 0x100;
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
/** AssignProcessToJobObject asks for the first two, IsProcessInJob for the third. */
const ACCESS = PROCESS_TERMINATE | PROCESS_SET_QUOTA | PROCESS_QUERY_LIMITED_INFORMATION;

/** As koffi reads them: HANDLE is a pointer, BOOL an int, DWORD 32 bits. */
export const JOB_CALLS = {
  CreateJobObjectW: 'void *__stdcall CreateJobObjectW(void *, const char16_t *)',
  SetInformationJobObject: 'int __stdcall SetInformationJobObject(void *, int, const uint8_t *, uint32_t)',
  QueryInformationJobObject:
    'int __stdcall QueryInformationJobObject(void *, int, _Out_ uint8_t *, uint32_t, void *)',
  AssignProcessToJobObject: 'int __stdcall AssignProcessToJobObject(void *, void *)',
  IsProcessInJob: 'int __stdcall IsProcessInJob(void *, void *, _Out_ int *)',
  TerminateJobObject: 'int __stdcall TerminateJobObject(void *, uint32_t)',
  OpenProcess: 'void *__stdcall OpenProcess(uint32_t, int, uint32_t)',
  CloseHandle: 'int __stdcall CloseHandle(void *)',
  GetLastError: 'uint32_t __stdcall GetLastError()',
} as const;

/**
 * Job Objects by koffi (docs/adr/0007), written from the documentation; not run yet. null where there are none, or
 * where koffi has no binary.
 */
export async function loadJobs(platform: NodeJS.Platform = process.platform): Promise<OpenJob | null> {
  if (platform !== 'win32') return null;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load('kernel32.dll');
    const call = (name: keyof typeof JOB_CALLS) => library.func(JOB_CALLS[name]);
    const createJob = call('CreateJobObjectW');
    const setInformation = call('SetInformationJobObject');
    const queryInformation = call('QueryInformationJobObject');
    const assignProcess = call('AssignProcessToJobObject');
    const isProcessInJob = call('IsProcessInJob');
    const terminateJob = call('TerminateJobObject');
    const openProcess = call('OpenProcess');
    const closeHandle = call('CloseHandle');
    const lastError = call('GetLastError');
    const failure = (what: string) => new Error(`${what} failed with the Windows error ${lastError()}`);

    const set = (handle: unknown, kind: number, layout: Buffer) => {
      if (!setInformation(handle, kind, layout, layout.length)) throw failure('SetInformationJobObject');
    };
    return (limits) => {
      let handle: unknown = createJob(null, null);
      if (handle === null) throw failure('CreateJobObjectW');
      const release = () => {
        if (handle !== null) closeHandle(handle);
        handle = null;
      };
      try {
        set(handle, JOB_CLASSES.extendedLimits, extendedLimits(limits));
        const cpuRate = cpuRateControl(limits, availableParallelism());
        if (cpuRate !== null) set(handle, JOB_CLASSES.cpuRate, cpuRate);
      } catch (error) {
        release();
        throw error;
      }
      return {
        admit: (pid) => {
          const member: unknown = openProcess(ACCESS, 0, pid);
          if (member === null) throw failure('OpenProcess');
          try {
            if (!assignProcess(handle, member)) throw failure('AssignProcessToJobObject');
            const answer = [0];
            if (!isProcessInJob(member, handle, answer)) throw failure('IsProcessInJob');
            if (answer[0] === 0) throw new Error('The process is not in the job that it was put into');
          } finally {
            closeHandle(member);
          }
        },
        terminate: () => {
          if (handle !== null) terminateJob(handle, 1);
        },
        livingCount: () => {
          if (handle === null) return 0;
          const answer = Buffer.alloc(ACCOUNTING.bytes);
          if (!queryInformation(handle, JOB_CLASSES.accounting, answer, answer.length, null))
            throw failure('QueryInformationJobObject');
          return readActiveProcesses(answer);
        },
        release,
      };
    };
  } catch {
    return null;
  }
}
