/** The map without the entries that `goes` names; itself where none goes. Nothing is changed. */
export function without<K, V>(map: ReadonlyMap<K, V>, goes: (key: K, value: V) => boolean): ReadonlyMap<K, V> {
  if (map.size === 0) return map;
  const stays = [...map].filter(([key, value]) => !goes(key, value));
  return stays.length === map.size ? map : new Map(stays);
}

/** The map without that key; itself where it lacks it. Nothing is changed. */
export function withoutKey<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  return map.has(key) ? without(map, (one) => one === key) : map;
}
