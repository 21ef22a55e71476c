use super::*;

#[test]
fn missing_bytes_are_asked_for_in_whole_ranges() {
    let size = 4 * PIECE + 10;
    for (map, ranges) in [
        (&[0, 0, 0, 0, 0][..], &[(0, size)][..]),
        (&[1, 1, 1, 1, 1], &[]),
        (&[1, 0, 0, 1, 0], &[(PIECE, 3 * PIECE), (4 * PIECE, size)]),
        (&[1], &[(PIECE, size)]),
    ] {
        assert_eq!(missing(map, size), ranges, "{map:?}");
    }
    assert!(missing(&[], 0).is_empty());
}

fn arrival<'a>(folder: &Path, blob: &'a Blob) -> Arrival<'a> {
    let open = |name: &str| {
        File::options().read(true).write(true).create(true).truncate(false).open(folder.join(name)).unwrap()
    };
    let arrival = Arrival { blob, file: open("part"), map: open("map") };
    arrival.reserve().unwrap();
    arrival
}

fn frame(content: &[u8], start: u64) -> Vec<u8> {
    let end = (start + PIECE).min(content.len() as u64);
    let mut frame = [start.to_le_bytes(), (end - start).to_le_bytes()].concat();
    frame.extend(&content[start as usize..end as usize]);
    frame
}

#[test]
fn pieces_in_any_order_and_from_two_streams_make_the_file() {
    let content: Vec<u8> = (0..2 * PIECE + 77).map(|n| (n % 251) as u8).collect();
    let sha256 = crate::hash::sha256(&content);
    let blob = Blob { name: "m".parse().unwrap(), sha256, size_bytes: content.len() as u64 };
    let dir = tempfile::tempdir().unwrap();
    let main = arrival(dir.path(), &blob);
    let other = arrival(dir.path(), &blob);
    let end = [0; 16];
    let mut rounds = Vec::new();
    // The other stream ends in the middle of its second piece.
    let cut = [frame(&content, 2 * PIECE), frame(&content, PIECE)[..PIECE as usize / 2].to_vec()].concat();
    assert!(other.read(&mut &cut[..]).unwrap_err().downcast_ref::<Interrupted>().is_some());
    let mut input = &[&frame(&content, 0)[..], &end, &frame(&content, PIECE), &end].concat()[..];
    let mut ask = |missing| {
        rounds.push(missing);
        Ok(())
    };
    main.receive_all(&mut input, &mut ask, || Ok(())).unwrap();
    assert_eq!(rounds, [vec![(0, 2 * PIECE)], vec![(PIECE, 2 * PIECE)]]);
    assert_eq!(fs::read(dir.path().join("part")).unwrap(), content);
}

/// The map reached the disk and the bytes did not: whatever is noted, only the hash is believed.
#[test]
fn pieces_that_a_power_cut_lost_are_sent_again() {
    let content: Vec<u8> = (0..2 * PIECE + 77).map(|n| (n % 251) as u8).collect();
    let sha256 = crate::hash::sha256(&content);
    let blob = Blob { name: "m".parse().unwrap(), sha256, size_bytes: content.len() as u64 };
    let dir = tempfile::tempdir().unwrap();
    let arrival = arrival(dir.path(), &blob);
    arrival.map.write_all_at(&[1, 1], 0).unwrap();
    let end = [0; 16];
    let frames = [0, PIECE, 2 * PIECE].map(|start| frame(&content, start));
    let mut input = &[&frames[2][..], &end, &frames.concat(), &end].concat()[..];
    let mut rounds = Vec::new();
    let mut ask = |missing| {
        rounds.push(missing);
        Ok(())
    };
    arrival.receive_all(&mut input, &mut ask, || Ok(())).unwrap();
    let size = content.len() as u64;
    assert_eq!(rounds, [vec![(2 * PIECE, size)], vec![(0, size)]]);
    assert_eq!(fs::read(dir.path().join("part")).unwrap(), content);
}

#[test]
fn a_piece_outside_the_file_a_wrong_byte_and_a_round_without_a_piece_are_refused() {
    let content = vec![7u8; 1000];
    let blob = Blob { name: "m".parse().unwrap(), sha256: crate::hash::sha256(&content), size_bytes: 1000 };
    let dir = tempfile::tempdir().unwrap();
    for (start, length) in [(0u64, 1001u64), (1000, 1), (8, 10), (u64::MAX, 2), (PIECE, 10)] {
        let head = [start.to_le_bytes(), length.to_le_bytes()].concat();
        let error = arrival(dir.path(), &blob).read(&mut &head[..]).unwrap_err();
        assert!(error.to_string().contains("does not fit"), "{start} {length}: {error}");
    }
    let mut none = &[0u8; 32][..];
    let error = arrival(dir.path(), &blob).receive_all(&mut none, &mut |_| Ok(()), || Ok(())).unwrap_err();
    assert!(error.downcast_ref::<Interrupted>().is_some(), "{error}");
    let mut wrong = frame(&content, 0);
    wrong[500] = 8;
    let mut input = &[&wrong[..], &[0; 16]].concat()[..];
    let error = arrival(dir.path(), &blob).receive_all(&mut input, &mut |_| Ok(()), || Ok(())).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
}
