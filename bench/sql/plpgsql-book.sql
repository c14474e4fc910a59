SELECT bench.book(:org::uuid, ' maria  gonzalez', 'Maria.Gonzalez@Example.com', '(415) ' || 2000000 + :caller::integer, 'checkup',
    to_timestamp(:at), bench.id(:resource));
