import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wantedSettings } from './commands.ts';
import { portsFrom, portsOf, type Settings } from './settings.ts';

const recorded: Settings = {
  kubernetes: '1.35',
  nodes: 'simulated',
  nodeCount: 7,
  kubevela: 'none',
  ports: portsFrom(20_000),
};

beforeEach(() => {
  vi.stubEnv('KUBEVELA_HOME', undefined);
  vi.stubEnv('SANDBOX_KUBERNETES', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const asUser = (uid: number): void => void vi.spyOn(process, 'getuid').mockReturnValue(uid);

describe('wantedSettings', () => {
  it('takes real nodes for root, and the stand-in without KUBEVELA_HOME', () => {
    asUser(0);
    expect(wantedSettings({}, undefined)).toEqual({
      kubernetes: '1.36',
      nodes: 'real',
      nodeCount: 3,
      kubevela: 'stand-in',
      ports: portsFrom(16_440),
    });
  });

  it('takes simulated nodes for others, and the KubeVela of KUBEVELA_HOME', () => {
    asUser(1000);
    vi.stubEnv('KUBEVELA_HOME', '/opt/kubevela');
    expect(wantedSettings({}, undefined)).toMatchObject({
      nodes: 'simulated',
      kubevela: 'real',
      kubevelaHome: '/opt/kubevela',
    });
  });

  it('starts a sandbox again as it was', () => {
    asUser(0);
    expect(wantedSettings({}, recorded)).toEqual(recorded);
  });

  it('starts from nothing where an earlier version left a sandbox that lacks a port', () => {
    const { clusterGateway: _, ...earlier } = recorded.ports;
    const wanted = wantedSettings({}, { ...recorded, ports: earlier as Settings['ports'] });
    expect(Object.keys(wanted.ports)).toHaveLength(Object.keys(recorded.ports).length);
  });

  it('lets what is asked for go first', () => {
    expect(wantedSettings({ nodes: 'none', portBase: 30_000 }, recorded)).toEqual({
      ...recorded,
      nodes: 'none',
      ports: portsFrom(30_000),
    });
  });
});

describe('ports', () => {
  it('are one after the other, each once', () => {
    expect(Object.values(portsFrom(100))).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111]);
  });

  it('are not made of too few numbers', () => {
    expect(() => portsOf([1, 2])).toThrow('12 ports are needed, 2 were given');
  });
});
