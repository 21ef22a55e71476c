// A plan for a file of tests/oracle/small.rs, for recorded starts and for those of tests/oracle/on_cards.rs.

/// Plans 4096 tokens in two slots for a model whose file begins with `head` and has `size` bytes.
fn plan_of_file(
    name: &str,
    head: &[u8],
    size: u64,
    profile: &str,
    split_mode: Option<SplitMode>,
    build: &'static Build,
) -> Plan {
    let header = Header::read(head, Some(size)).unwrap();
    let shape = Shape::from_header(&header).unwrap();
    let weights = weights_of(&header, shape.layers.len());
    let variants = vec![Variant { weights, files: Vec::new(), size_bytes: size }];
    let fixed = Fixed { n_ctx: Some(4096), slots: Some(2), quant: true, split_mode, ..Fixed::default() };
    let request = Request {
        model: ModelChoice { id: name.parse().unwrap(), shape, chat_template: None, variants, checkpoint: None },
        profiles: profiles::all(),
        profile: Some(profile.to_string()),
        offers: offers::all(),
        containers: false,
        rates: Default::default(),
        prefer: None,
        budget: None,
        rag: None,
        fixed,
        build,
    };
    plan::plan(&request).unwrap()
}
