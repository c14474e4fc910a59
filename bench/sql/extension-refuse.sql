SELECT booking.book_appointment_atomic(:org::uuid, ' maria  gonzalez', 'Maria.Gonzalez@Example.com',
    '(415) ' || 2000000 + :caller::integer, 'checkup', to_timestamp(:at), p_resource_id => bench.id(0));
