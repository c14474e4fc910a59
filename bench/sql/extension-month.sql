SELECT count(*) FROM booking.available_slots(:org::uuid, to_timestamp(:month), to_timestamp(:month + 30 * 86400), 'checkup',
    p_resource_id => bench.id(0));
