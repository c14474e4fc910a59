-- The best way we know to look from SQL: what is taken is read once, in one stretch, so that no plan can go wrong; the slots are
-- compared with that in memory. It takes the place of the anti-join of plpgsql.sql.
CREATE OR REPLACE FUNCTION bench.free_starts(
    p_org_id uuid, p_resource_id uuid, p_timezone text, p_from timestamp, p_to timestamp, p_step integer, p_minutes integer)
RETURNS SETOF timestamptz
LANGUAGE sql STABLE AS $$
    WITH busy AS MATERIALIZED (
        SELECT range_agg(span) AS spans
        FROM (
            SELECT a.blocked AS span
            FROM booking.appointments AS a
            WHERE a.org_id = p_org_id AND a.resource_id = p_resource_id AND a.status IN ('held', 'pending', 'confirmed')
              AND a.blocked && tstzrange(
                  p_from AT TIME ZONE p_timezone, p_to AT TIME ZONE p_timezone + make_interval(mins => p_minutes), '[]')
            UNION ALL
            SELECT b.during
            FROM booking.busy_blocks AS b
            WHERE b.org_id = p_org_id AND b.resource_id = p_resource_id
              AND b.during && tstzrange(
                  p_from AT TIME ZONE p_timezone, p_to AT TIME ZONE p_timezone + make_interval(mins => p_minutes), '[]')
        ) AS taken
    )
    SELECT slot.at
    FROM generate_series(date_trunc('day', p_from), p_to, interval '1 day') AS day
    CROSS JOIN LATERAL unnest(bench.open_on(p_org_id, p_resource_id, day::date)) AS opening (minutes)
    CROSS JOIN LATERAL generate_series(
        (lower(minutes) + p_step - 1) / p_step * p_step, upper(minutes) - p_minutes, p_step) AS minute
    CROSS JOIN LATERAL (SELECT day + make_interval(mins => minute) AS local) AS local
    CROSS JOIN LATERAL (
        SELECT local AT TIME ZONE p_timezone AS at,
            tstzrange(local AT TIME ZONE p_timezone, local AT TIME ZONE p_timezone + make_interval(mins => p_minutes)) AS span
    ) AS slot
    WHERE local.local BETWEEN p_from AND p_to
      AND slot.at > now()
      AND (SELECT spans IS NULL OR NOT spans && slot.span FROM busy)
$$;
