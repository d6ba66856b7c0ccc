import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { countHeader, headersForRobot, headersForUpstream } from '../../../../src/agent/gateway/headers.ts';

function messageWith(headers: readonly (readonly [string, string])[]): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.rawHeaders = headers.flat();
  return message;
}

describe('headersForUpstream', () => {
  it('keeps what speaks of the content', () => {
    const request = messageWith([
      ['Accept-Encoding', 'gzip'],
      ['Content-Type', 'application/octet-stream'],
      ['User-Agent', 'sdk'],
      ['Range', 'bytes=1-'],
    ]);
    expect(headersForUpstream(request)).toEqual({
      'accept-encoding': 'gzip',
      'content-type': 'application/octet-stream',
      'user-agent': 'sdk',
      range: 'bytes=1-',
    });
  });

  it('drops hop-by-hop headers and those that Connection names', () => {
    const request = messageWith([
      ['Connection', 'close, X-Private'],
      ['connection', 'x-other'],
      ['X-Private', '1'],
      ['X-Other', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['TE', 'trailers'],
      ['Trailer', 'X'],
      ['Transfer-Encoding', 'chunked'],
      ['Upgrade', 'h2c'],
      ['Proxy-Authorization', 'Basic x'],
      ['X-Kept', '1'],
    ]);
    expect(headersForUpstream(request)).toEqual({ 'x-kept': '1' });
  });

  it.each([
    'Authorization',
    'Content-Length',
    'Cookie',
    'Expect',
    'Forwarded',
    'Host',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-HTTP-Method',
    'X-HTTP-Method-Override',
    'X-Original-URL',
    'X-Real-IP',
    'X-Rewrite-URL',
  ])('drops %s, which is not the robot’s to say', (name) => {
    expect(headersForUpstream(messageWith([[name, '1']]))).toEqual({});
  });
});

describe('headersForRobot', () => {
  it('keeps the framing and repeated headers, drops sessions of the host', () => {
    const answer = messageWith([
      ['Content-Length', '5'],
      ['Connection', 'content-length, keep-alive'],
      ['Set-Cookie', 'SESSION=1'],
      ['Warning', 'one'],
      ['Warning', 'two'],
    ]);
    expect(headersForRobot(answer)).toEqual({ 'content-length': '5', warning: ['one', 'two'] });
  });
});

describe('countHeader', () => {
  it('counts a header however it is written', () => {
    expect(
      countHeader(
        messageWith([
          ['Host', 'a'],
          ['HOST', 'b'],
          ['X', 'c'],
        ]),
        'host',
      ),
    ).toBe(2);
  });
});
