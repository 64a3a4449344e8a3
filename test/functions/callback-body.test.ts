import { describe, expect, it } from 'vitest';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { EVENT_SHAPES } from '../support/http-events.ts';
import { sign, useTriggeredCallback } from './callback-trigger-stage.ts';

const { behind } = useTriggeredCallback();

describe.each(EVENT_SHAPES)('the body of POST /callback behind a $name', ({ toEvent }) => {
  const notify = behind(toEvent);

  it.each([
    [99, 200],
    [100, 400],
    [20_000, 400],
  ])('answers an event with %i nested levels with %i', async (levels, status) => {
    const { Sign, T } = sign();
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;

    const { statusCode, json } = await notify({
      body: `{"EventType":"New","Sign":"${Sign}","T":${T},"Deep":${deep}}`,
    });

    expect(statusCode).toBe(status);
    expect(json.code).toBe(status === 200 ? 0 : 'invalid_request');
  });

  it.each(['[]', 'null', '7', ''])('refuses the body %j', async (body) => {
    expect((await notify({ body })).statusCode).toBe(400);
  });

  it('accepts a long notification, such as the text of an hour of speech', async () => {
    const { ProcedureStateChangeEvent: task, ...event } = events.ProcedureStateChanged;
    const AiRecognitionResultSet = [{ Text: '가'.repeat(1_000_000) }];

    const { statusCode, log } = await notify({
      body: {
        ...{ ...event, ProcedureStateChangeEvent: { ...task, AiRecognitionResultSet } },
        ...sign(),
      },
    });

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'confirmed', taskId: task.TaskId });
  });

  it.each(['[],', '{},', '1,', '"",'])(
    'refuses a body with more than half a million values %j',
    async (value) => {
      const { Sign, T } = sign();

      const { statusCode, json } = await notify({
        body: `{"EventType":"New","Sign":"${Sign}","T":${T},"Wide":[${value.repeat(530_000)}0]}`,
      });

      expect(statusCode).toBe(400);
      expect(json).toMatchObject({
        code: 'invalid_request',
        detail: expect.stringMatching(/values/),
      });
    },
  );

  it('accepts six megabytes, and refuses a byte more', async () => {
    const { ProcedureStateChangeEvent: task, ...event } = events.ProcedureStateChanged;
    const write = (Text: string) =>
      JSON.stringify({ ...event, ProcedureStateChangeEvent: { ...task, Text }, ...signed });
    const signed = sign();
    const fill = 'x'.repeat(6 * 1024 * 1024 - write('').length);

    const fits = await notify({ body: write(fill) });
    const over = await notify({ body: write(`${fill}x`) });

    expect([fits.statusCode, over.statusCode]).toEqual([200, 413]);
  });

  it('refuses malformed JSON', async () => {
    expect((await notify({ body: '{' })).json.code).toBe('invalid_json');
  });
});
