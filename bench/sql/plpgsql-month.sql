SELECT count(*) FROM bench.free_starts(:org::uuid, bench.id(0), 'America/New_York',
    to_timestamp(:month) AT TIME ZONE 'America/New_York',
    to_timestamp(:month) AT TIME ZONE 'America/New_York' + interval '30 days' - interval '30 minutes', 30, 30);
