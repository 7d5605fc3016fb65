//! cosign's form of an encrypted key: scrypt makes a key of the passphrase, `NaCl`'s secretbox (`XSalsa20`, Poly1305) seals.

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use poly1305::{Poly1305, universal_hash::KeyInit as _};
use salsa20::{
    XSalsa20,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use scrypt::{Params, scrypt};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use transship_oci::Result;
use zeroize::Zeroizing;

use super::key_file::{exposed, internal, invalid};

/// What cosign takes: 64 MiB of memory, about a tenth of a second.
const COST: (u64, u32, u32) = (1 << 16, 8, 1);
/// The most memory that a key file may make us take, in bytes.
const MAX_MEMORY: u64 = 1 << 28;
/// The most often it may make us go through it.
const MAX_PARALLEL: u32 = 4;
/// Length of Poly1305's tag, which secretbox puts in front.
const TAG: usize = 16;

/// The file's content.
#[derive(Serialize, Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Opens a sealed key.
pub(super) fn open(json: &[u8], passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>> {
    let sealed: Sealed = serde_json::from_slice(json)
        .map_err(|_| invalid("the encrypted private key is not of cosign's form"))?;
    if sealed.kdf.name != "scrypt" || sealed.cipher.name != "nacl/secretbox" {
        return Err(invalid(
            "the private key is encrypted in a way that is not known here",
        ));
    }
    let decode = |what: &str, text: &str| {
        let bytes = STANDARD.decode(text);
        bytes.map_err(|_| {
            invalid(format!(
                "the {what} of the encrypted private key is not base64"
            ))
        })
    };
    let salt = decode("salt", &sealed.kdf.salt)?;
    let nonce: [u8; 24] = decode("nonce", &sealed.cipher.nonce)?
        .try_into()
        .map_err(|_| invalid("the nonce of the encrypted private key is not of 24 bytes"))?;
    let boxed = decode("content", &sealed.ciphertext)?;
    let Some((tag, ciphertext)) = boxed.split_at_checked(TAG) else {
        return Err(invalid("the encrypted private key is cut short"));
    };
    let key = derive(passphrase, &salt, &sealed.kdf.params)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let found = apply(&key, &nonce, &mut plaintext, ciphertext);
    verify_slices_are_equal(tag, &found)
        .map_err(|_| invalid("the passphrase does not open the private key"))?;
    Ok(plaintext)
}

/// Seals a key.
pub(super) fn seal(plaintext: &[u8], passphrase: &SecretString) -> Result<Vec<u8>> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    let random = rand::fill(&mut salt).and_then(|()| rand::fill(&mut nonce));
    random.map_err(|_| internal("the system has no randomness"))?;
    let (n, r, p) = COST;
    let params = Cost { n, r, p };
    let key = derive(passphrase, &salt, &params)?;
    let mut ciphertext = plaintext.to_vec();
    let (mut stream, mac) = keystream(&key, &nonce);
    stream.apply_keystream(&mut ciphertext);
    let tag = mac.compute_unpadded(&ciphertext);
    let sealed = Sealed {
        kdf: Kdf {
            name: "scrypt".to_owned(),
            params,
            salt: STANDARD.encode(salt),
        },
        cipher: Cipher {
            name: "nacl/secretbox".to_owned(),
            nonce: STANDARD.encode(nonce),
        },
        ciphertext: STANDARD.encode([tag.as_slice(), &ciphertext].concat()),
    };
    serde_json::to_vec(&sealed).map_err(|_| internal("the private key cannot be written"))
}

/// Decrypts in place, and gives the tag that the ciphertext must have.
fn apply(key: &[u8; 32], nonce: &[u8; 24], text: &mut [u8], ciphertext: &[u8]) -> Vec<u8> {
    let (mut stream, mac) = keystream(key, nonce);
    stream.apply_keystream(text);
    mac.compute_unpadded(ciphertext).to_vec()
}

/// The stream after its first 32 bytes, which are the key of the authenticator.
fn keystream(key: &[u8; 32], nonce: &[u8; 24]) -> (XSalsa20, Poly1305) {
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut first = Zeroizing::new([0; 32]);
    stream.apply_keystream(&mut *first);
    let mac = Poly1305::new((&*first).into());
    (stream, mac)
}

fn derive(passphrase: &SecretString, salt: &[u8], cost: &Cost) -> Result<Zeroizing<[u8; 32]>> {
    let unfit = || invalid("the encrypted private key asks for more work than is reasonable");
    let memory = cost
        .n
        .checked_mul(128 * u64::from(cost.r))
        .ok_or_else(unfit)?;
    if !cost.n.is_power_of_two() || memory > MAX_MEMORY || cost.p > MAX_PARALLEL {
        return Err(unfit());
    }
    let log_n = u8::try_from(cost.n.trailing_zeros()).map_err(|_| unfit())?;
    let params = Params::new(log_n, cost.r, cost.p).map_err(|_| unfit())?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt(exposed(passphrase), salt, &params, &mut *key).map_err(|_| unfit())?;
    Ok(key)
}

#[cfg(test)]
mod tests;
