-- A claim looks for an address with every delivery. To compute where it stands in the list costs ten times as much as to look whether it is there at
-- all, and hardly any is: it is found by this hash, which has one length whatever the address has, and then compared.
CREATE INDEX suppressed_address_by_address ON suppressed_address (hashtextextended(address, 0));
